/** The Worker that owns the GPU: reading results back blocks its thread for 10 ms or more, so never the main one. */
import { type Gpu, openDevice } from "./device.ts";
import type { EnsembleSpec, Tuning } from "./ensemble.ts";
import { serveCalls, Transfer } from "./rpc.ts";
import { WebgpuEnsemble } from "./webgpu_ensemble.ts";

let gpu: Gpu | undefined;
const ensembles = new Map<number, WebgpuEnsemble>();
let nextHandle = 0;

/** Opens the device on first use. */
async function device(): Promise<Gpu> {
  gpu ??= await openDevice();
  return gpu;
}

serveCalls({
  async open() {
    const { adapterName, software } = await device();
    return { adapter: adapterName, software };
  },
  async ensemble(spec: EnsembleSpec, lanes?: number) {
    const made = await WebgpuEnsemble.create(await device(), spec, lanes);
    ensembles.set(nextHandle, made);
    return { handle: nextHandle++, dim: made.dim, problems: made.problems, chains: made.chains };
  },
  setPositions(handle: number, positions: Float64Array, replica?: Uint32Array, transition?: number) {
    ensembles.get(handle)!.setPositions(positions, replica, transition);
  },
  async evaluate(handle: number, positions: Float64Array, beta: number) {
    const result = await ensembles.get(handle)!.evaluate(positions, beta);
    return new Transfer(result, buffersOf(result));
  },
  async hmc(handle: number, transitions: number, tuning: readonly Tuning[], reference?: Float64Array) {
    const batch = await ensembles.get(handle)!.hmc(transitions, tuning, reference);
    return new Transfer(batch, buffersOf(batch));
  },
  async nuts(handle: number, transitions: number, tuning: readonly Tuning[]) {
    const batch = await ensembles.get(handle)!.nuts(transitions, tuning);
    return new Transfer(batch, buffersOf(batch));
  },
  closeEnsemble(handle: number) {
    ensembles.get(handle)!.close();
    ensembles.delete(handle);
  },
  stats: async () => (await device()).stats(),
  close() {
    for (const one of ensembles.values()) one.close();
    ensembles.clear();
    gpu?.close();
  },
});

/** Every array of a result, to move instead of copy. */
function buffersOf(result: object): ArrayBuffer[] {
  return Object.values(result).filter(ArrayBuffer.isView).map((view) => view.buffer as ArrayBuffer);
}
