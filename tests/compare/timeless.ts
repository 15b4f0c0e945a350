/** A comparison's report without times, in numbers and in sentences, which differ from run to run. */
export function timeless(report: unknown): unknown {
  const times = /_s$|^ess_per_s$|^created_at$|^started_at$/;
  const text = JSON.stringify(report, (key, value) => times.test(key) ? undefined : value);
  return text && JSON.parse(text.replaceAll(/[\d.]+ s\b/g, "a while"));
}
