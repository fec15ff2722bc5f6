/** What `work` gives, or `late` when that takes longer; whatever becomes of the work afterwards is nobody's fault. */
export async function within<T>(work: Promise<T>, deadlineMs: number, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), deadlineMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks once for all who ask within `keepMs`, and never twice at a time. */
export function shared<T>(ask: () => Promise<T>, keepMs: number): () => Promise<T> {
  let answer: Promise<T> | null = null;
  let askedAt = 0;
  let isAsking = false;
  return async () => {
    if (answer === null || (!isAsking && performance.now() - askedAt >= keepMs)) {
      isAsking = true;
      answer = ask().finally(() => {
        isAsking = false;
        askedAt = performance.now();
      });
    }
    return await answer;
  };
}
