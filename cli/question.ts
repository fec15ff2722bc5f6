import { createInterface } from "node:readline/promises";
import type { Terminal } from "./terminal.ts";

/** Asks on standard error, so that a piped result stays clean; anything but a clear yes is no. */
export async function askYesNo(terminal: Terminal, key: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${terminal.text(key)} `);
    return /^(y|yes|是|好)$/iu.test(answer.trim());
  } finally {
    lines.close();
  }
}
