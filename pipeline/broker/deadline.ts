/**
 * Rejects with `late()` when `work` has not ended after `ms`. Kafka clients may never call back; no wait on them is
 * without this. What the work does afterwards is ignored: its end is unknown, not failed.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), Math.max(ms, 0));
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** True when `work` ended, well or badly, within `ms`; never rejects. For closing things, where nothing else can be done. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = new Error("late");
  try {
    await withDeadline(work, ms, () => late);
    return true;
  } catch (error) {
    return error !== late;
  }
}
