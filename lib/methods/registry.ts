/** Every method on offer and what runs it. */
import type { MethodName } from "../fit_types.ts";
import { approximateFullRank, approximateMeanField } from "./advi.ts";
import { sampleAuto } from "./auto.ts";
import { sampleChees } from "./chees.ts";
import type { Method } from "./method.ts";
import { sampleNuts } from "./nuts.ts";
import { approximatePathfinder } from "./pathfinder.ts";
import { sampleTempered } from "./tempered.ts";
import { sampleTwoStage } from "./two_stage.ts";

export const SAMPLERS: Readonly<Record<MethodName, Method>> = {
  auto: sampleAuto,
  chees: sampleChees,
  nuts: sampleNuts,
  tempered: sampleTempered,
  "two-stage": sampleTwoStage,
  advi: approximateMeanField,
  "advi-fullrank": approximateFullRank,
  pathfinder: approximatePathfinder,
};
