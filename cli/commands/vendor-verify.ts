import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { DuijieError } from "../../contracts/errors.ts";
import { withProvince } from "../compose.ts";
import { untilStopped } from "../daemon.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { noLoadWaits } from "../no-load.ts";
import { runId, wholeNumber } from "../option-values.ts";
import { printReport } from "../vendor-verify/print-report.ts";
import type { VendorReport } from "../vendor-verify/report.ts";
import { verifyVendor } from "../vendor-verify/verify.ts";

interface VerifyCommandOptions {
  readonly load?: string;
  readonly offline?: true;
  readonly samples?: number;
}

const samplesShown = 5;

/** `vendor verify`: the contract over what a vendor filled. 0: nothing found, 3: faults. */
export function vendorVerifyCommand(frame: Frame, parent: Command): Command {
  const verify = frame.command(parent, "verify", async (invocation, command) => {
    const options = command.opts<VerifyCommandOptions>();
    return await untilStopped(invocation.terminal, async (signal) => {
      return await withProvince(invocation, async (province) => {
        const { samples = samplesShown } = options;
        const report = await verifyVendor(invocation, province, { ...options, samples }, signal);
        return report === null
          ? await noLoadWaits(invocation, province)
          : give(invocation, report, command.args[0]);
      });
    });
  });
  return verify
    .argument("[report.json]", frame.text("verifyReport"))
    .option("--load <number>", frame.text("verifyLoad"), runId)
    .option("--offline", frame.text("offline"))
    .option("--samples <count>", frame.text("samples"), wholeNumber);
}

/** With a file the report goes there and the table is shown; without one `--json` prints the report itself. */
function give(invocation: Invocation, report: VendorReport, file: string | undefined): ExitCode {
  const { json, terminal } = invocation;
  if (file !== undefined) {
    write(resolve(file), report);
    printReport(terminal, report);
    terminal.note("verify.written", { file: resolve(file) });
  } else if (json) terminal.json(report);
  else printReport(terminal, report);
  return report.clean ? 0 : 3;
}

/** It holds source keys: readable by its owner alone. */
function write(file: string, report: VendorReport): void {
  try {
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new DuijieError("FILE_UNREADABLE", { file }, error);
  }
}
