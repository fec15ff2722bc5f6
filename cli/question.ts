import { createInterface } from "node:readline/promises";
import type { Terminal, TextParams } from "./terminal.ts";

/** Anything but a clear yes is no. */
export async function askYesNo(terminal: Terminal, key: string): Promise<boolean> {
  return /^(y|yes|是|好)$/iu.test(await askText(terminal, key));
}

/** Asks on standard error, so that a piped result stays clean. */
export async function askText(terminal: Terminal, key: string, params: TextParams = {}): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${terminal.text(key, params)} `)).trim();
  } finally {
    lines.close();
  }
}

/** Asks for a word that has to be typed exactly: what can't be taken back is not done by a habit. */
export async function askTyped(
  terminal: Terminal,
  key: string,
  params: TextParams,
  expected: string,
): Promise<boolean> {
  return (await askText(terminal, key, params)) === expected;
}
