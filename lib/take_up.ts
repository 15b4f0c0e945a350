/** Takes a fit up where another process left it, and lets a third one do the same. */
import { createHash } from "node:crypto";
import type { Engine } from "./engine/ensemble.ts";
import type { Checkpoints, FitKey, FitOptions, Progress, ResumePoint } from "./fit_types.ts";
import type { Continuation } from "./samplers/run.ts";
import { VERSION } from "./version.ts";

/** What is saved of a fit. */
interface FitState {
  /** Time spent on it. */
  readonly spentMs: number;
  readonly method: unknown;
}

export interface TakenUp {
  /** For the method. */
  readonly continuation: Continuation<unknown>;
  /** Where it goes on; undefined when it begins. */
  readonly at: ResumePoint | undefined;
  /** Time that was spent on the fit before. */
  readonly spentMs: number;
  /** Why it begins anew although something was saved, if so; a sentence. */
  readonly note: string | undefined;
}

/** @param where how far the fit is whenever its method offers a state */
export async function takeUp(
  options: FitOptions,
  engine: Engine,
  checkpoints: Checkpoints,
  where: () => Progress,
): Promise<TakenUp> {
  const { saved, note } = await checkpoints.open(keyOf(options, engine));
  const from = saved?.state as FitState | undefined, spentMs = from?.spentMs ?? 0;
  const began = performance.now() - spentMs;
  return {
    continuation: {
      from: from?.method,
      offer(method) {
        const { phase, step, done, total } = where();
        const at = { phase, ...(step === undefined ? {} : { step }), done, total };
        const state: FitState = { spentMs: performance.now() - began, method };
        checkpoints.offer({ at, state });
      },
    },
    at: saved?.at,
    spentMs,
    note,
  };
}

/** Which fit this is, on which device. */
export function keyOf(options: FitOptions, { name, adapter }: Pick<Engine, "name" | "adapter">): FitKey {
  const plain = (_: string, value: unknown) => ArrayBuffer.isView(value) ? Object.values(value) : value;
  const request = createHash("sha256").update(JSON.stringify(options, plain)).digest("hex");
  return { hillmix: VERSION, method: options.method, engine: name, adapter, request };
}
