/** The `webgpu` engine as the main thread sees it: a Worker with the device in it. */
import type { GpuStats } from "./device.ts";
import type {
  Engine,
  Ensemble,
  EnsembleSpec,
  EnsembleState,
  Evaluation,
  NutsBatch,
  TransitionBatch,
  Tuning,
} from "./ensemble.ts";
import { RemoteWorker } from "./rpc.ts";
import { Whereabouts } from "./whereabouts.ts";

/**
 * How long a terminated Worker gets to let go of the graphics driver: 10 to 20 ms on an idle machine. Deno does
 * not say when its thread has ended, and a process that ends first crashes (one in five on llvmpipe).
 */
const TEARDOWN_MS = 100;

/** The `webgpu` engine; also tells what its device holds. */
export interface WebgpuEngine extends Engine {
  /** Buffers on the device now: what is left after closing every ensemble has leaked. */
  stats(): Promise<GpuStats>;
}

/**
 * Opens the GPU in a Worker of its own.
 *
 * @param lanes lanes per chain for every ensemble; chosen from adapter and chains when left out
 * @throws DeviceError when there is no adapter or it cannot be opened
 */
export async function openWebgpu(lanes?: number): Promise<WebgpuEngine> {
  const worker = new RemoteWorker(new URL("./webgpu_worker.ts", import.meta.url), "webgpu");
  try {
    const { adapter, software } = await worker.call<{ adapter: string; software: boolean }>("open");
    return {
      name: "webgpu",
      adapter,
      software,
      ensemble: (spec) => remoteEnsemble(worker, spec, lanes),
      stats: () => worker.call<GpuStats>("stats"),
      close: async () => {
        await worker.call("close");
        worker.terminate();
        await new Promise((resolve) => setTimeout(resolve, TEARDOWN_MS));
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

async function remoteEnsemble(worker: RemoteWorker, spec: EnsembleSpec, lanes?: number): Promise<Ensemble> {
  const { handle, dim, problems, chains } = await worker.call<
    { handle: number; dim: number; problems: number; chains: number }
  >("ensemble", [spec, lanes]);
  const whereabouts = new Whereabouts(chains);
  return {
    dim,
    problems,
    chains,
    async setPositions(positions: Float64Array, replica?: Uint32Array) {
      await worker.call("setPositions", [handle, positions, replica]);
      whereabouts.placed(positions, replica);
    },
    state: () => whereabouts.state,
    async restore({ positions, replica, transition }: EnsembleState) {
      await worker.call("setPositions", [handle, positions, replica, transition]);
      whereabouts.placed(positions, replica, transition);
    },
    evaluate: (positions, beta = 1) => worker.call<Evaluation>("evaluate", [handle, positions, beta]),
    async hmc(transitions: number, tuning: readonly Tuning[], reference?: Float64Array) {
      const batch = await worker.call<TransitionBatch>("hmc", [handle, transitions, tuning, reference]);
      whereabouts.moved(batch);
      return batch;
    },
    async nuts(transitions: number, tuning: readonly Tuning[]) {
      const batch = await worker.call<NutsBatch>("nuts", [handle, transitions, tuning]);
      whereabouts.moved(batch);
      return batch;
    },
    close: () => worker.call("closeEnsemble", [handle]),
  };
}
