/** A sampler's kernel for one target and plan: the parts that every sampler needs, then its own. */
import lanesMany from "../../kernels/common/lanes_many.wgsl" with { type: "text" };
import lanesOne from "../../kernels/common/lanes_one.wgsl" with { type: "text" };
import rng from "../../kernels/common/rng.wgsl" with { type: "text" };
import special from "../../kernels/common/special.wgsl" with { type: "text" };
import tablesStorage from "../../kernels/common/tables_storage.wgsl" with { type: "text" };
import tablesUniform from "../../kernels/common/tables_uniform.wgsl" with { type: "text" };
import { tuningVectors } from "../../kernels/samplers/hmc.ts";
import whitened from "../../kernels/samplers/whitened.wgsl" with { type: "text" };
import type { TargetKernel } from "../../kernels/targets/target.ts";
import type { Plan } from "./launch_plan.ts";
import { assemble, type Shader, type ShaderPart } from "./shader.ts";

/** Assembles `sampler` with the target and all they share. */
export function samplerShader(plan: Plan, target: TargetKernel, sampler: ShaderPart): Shader {
  const dim = target.constants["DIM"]!;
  return assemble([
    { file: "kernels/common/special.wgsl", source: special },
    { file: "kernels/common/rng.wgsl", source: rng },
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
    DIM_VECTORS: Math.ceil(dim / 4),
    LANES: plan.lanes,
    WORKGROUP: plan.workgroup,
    CHAINS_PER_GROUP: plan.chainsPerGroup,
    PROBLEMS: plan.problemsPerSet,
    TABLE_VECTORS: plan.tableVectors,
    TUNING_VECTORS: plan.problemsPerSet * tuningVectors(dim),
  });
}
