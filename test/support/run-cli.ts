import { runProgram } from "../../cli/program.ts";
import { Terminal } from "../../cli/terminal.ts";
import { createTexts, type Language } from "../../contracts/texts.ts";

export interface CliResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, as `cli/main.ts` would, and keeps what it wrote. */
export async function runCli(
  args: readonly string[],
  options: {
    readonly language?: Language;
    readonly env?: Readonly<Record<string, string>>;
    readonly now?: Date;
  } = {},
): Promise<CliResult> {
  const { env = {}, language = "en", now } = options;
  let out = "";
  let err = "";
  const terminal = new Terminal(createTexts(language), {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    isTty: false,
  });
  const clock = () => now ?? new Date();
  const exitCode = await runProgram(args, { env, now: clock, language, terminal });
  return { exitCode, out, err };
}
