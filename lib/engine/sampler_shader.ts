/** Samplers' kernels: the parts that every one needs, then its own. */
import lanesMany from "../../kernels/common/lanes_many.wgsl" with { type: "text" };
import lanesOne from "../../kernels/common/lanes_one.wgsl" with { type: "text" };
import rng from "../../kernels/common/rng.wgsl" with { type: "text" };
import special from "../../kernels/common/special.wgsl" with { type: "text" };
import tablesStorage from "../../kernels/common/tables_storage.wgsl" with { type: "text" };
import tablesUniform from "../../kernels/common/tables_uniform.wgsl" with { type: "text" };
import { swapSource } from "../../kernels/samplers/swap.ts";
import whitened from "../../kernels/samplers/whitened.wgsl" with { type: "text" };
import type { TargetKernel } from "../../kernels/targets/target.ts";
import type { Plan } from "./launch_plan.ts";
import { assemble, type Shader, type ShaderPart } from "./shader.ts";

const COMMON: readonly ShaderPart[] = [
  { file: "kernels/common/special.wgsl", source: special },
  { file: "kernels/common/rng.wgsl", source: rng },
];

/** Assembles `sampler` with the target and all they share. */
export function samplerShader(plan: Plan, target: TargetKernel, sampler: ShaderPart): Shader {
  return assemble([
    ...COMMON,
    plan.uniform
      ? { file: "kernels/common/tables_uniform.wgsl", source: tablesUniform }
      : { file: "kernels/common/tables_storage.wgsl", source: tablesStorage },
    { file: `kernels/${target.file}`, source: target.source },
    plan.lanes === 1
      ? { file: "kernels/common/lanes_one.wgsl", source: lanesOne }
      : { file: "kernels/common/lanes_many.wgsl", source: lanesMany },
    { file: "kernels/samplers/whitened.wgsl", source: whitened },
    sampler,
  ], {
    ...target.constants,
    DIM_VECTORS: Math.ceil(target.constants["DIM"]! / 4),
    LANES: plan.lanes,
    WORKGROUP: plan.workgroup,
    CHAINS_PER_GROUP: plan.chainsPerGroup,
    ...(plan.uniform
      ? { PROBLEMS: plan.problemSlots, TABLE_VECTORS: plan.tableVectors, TUNING_VECTORS: plan.tuningSlots }
      : {}),
  });
}

/** The kernel that swaps neighbouring rungs, the same for every target and plan. */
export const swapShader = (): Shader =>
  assemble([...COMMON, { file: "kernels/samplers/swap.wgsl", source: swapSource }]);
