import type { ExitCode } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodes;
const stopSignals: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/** How long a stopping process may take to hand back what it holds; whoever takes over needs nothing more from it. */
const drainMs = 10_000;

/**
 * Runs `work` until it ends or a signal asks it to stop. The first signal aborts: what was begun is finished or handed
 * back within the drain time. A second one, or the end of that time, ends the process at once. SIGPIPE is left alone:
 * node turns it into an error of the stream.
 */
export async function untilStopped(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const stopping = new AbortController();
  let received: StopSignal | null = null;
  const onSignal = (signal: StopSignal) => {
    if (received !== null) process.exit(exitCodes[signal]);
    received = signal;
    terminal.note("daemon.stopping", { seconds: drainMs / 1000 });
    setTimeout(() => process.exit(exitCodes[signal]), drainMs).unref();
    stopping.abort();
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  try {
    const code = await work(stopping.signal);
    return received === null ? code : exitCodes[received as StopSignal];
  } catch (error) {
    if (received !== null) return exitCodes[received as StopSignal];
    throw error;
  } finally {
    for (const signal of stopSignals) process.off(signal, onSignal);
  }
}
