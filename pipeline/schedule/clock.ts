/** The time of day and the passing of time, given by whoever composes: a test drives its own. */
export interface Clock {
  now(): Date;
  /** Ends after so long, or at once when the signal comes; never throws. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Sleeps until a moment in slices, so that a clock that was set, or a machine that slept, is noticed. */
export async function sleepUntil(
  clock: Clock,
  moment: Date | null,
  sliceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const left = moment === null ? sliceMs : moment.getTime() - clock.now().getTime();
  await clock.sleep(Math.max(1, Math.min(sliceMs, left)), signal);
}
