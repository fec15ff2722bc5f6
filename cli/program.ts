import { type Command, CommanderError, Option } from "commander";
import { languages } from "../contracts/texts.ts";
import manifest from "../package.json" with { type: "json" };
import { checkCommand } from "./commands/check.ts";
import { configShowCommand } from "./commands/config-show.ts";
import { connectorVerifyCommand } from "./commands/connector-verify.ts";
import { grantsCommand, initCommand } from "./commands/init.ts";
import { loadPauseCommand, loadResumeCommand, loadStopCommand } from "./commands/load-control.ts";
import { loadPlanCommand } from "./commands/load-plan.ts";
import { loadRecallCommand } from "./commands/load-recall.ts";
import { loadRunCommand } from "./commands/load-run.ts";
import { loadStatusCommand } from "./commands/load-status.ts";
import { mapImportCommand, mapListCommand } from "./commands/map.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { nationalCommand } from "./commands/national.ts";
import { nationalExportCommand } from "./commands/national-export.ts";
import { nationalImportCommand } from "./commands/national-import.ts";
import { packageMakeCommand } from "./commands/package-make.ts";
import { positionAcceptCommand, positionListCommand } from "./commands/position.ts";
import { quarantineListCommand } from "./commands/quarantine-list.ts";
import { quarantineReplayCommand } from "./commands/quarantine-replay.ts";
import { scheduleRunCommand } from "./commands/schedule-run.ts";
import { scheduleShowCommand } from "./commands/schedule-show.ts";
import { scheduleStatusCommand } from "./commands/schedule-status.ts";
import { scheduleWatchCommand } from "./commands/schedule-watch.ts";
import { vendorAbandonCommand, vendorListCommand } from "./commands/vendor.ts";
import { vendorKitCommand } from "./commands/vendor-kit.ts";
import { vendorVerifyCommand } from "./commands/vendor-verify.ts";
import { type ExitCode, type Frame, type Handler, invocationOf, type Surroundings } from "./invocation.ts";
import { printError } from "./print-error.ts";
import { commandPath, TranslatedCommand } from "./translated-command.ts";

/** Runs one command line, without the program's own name. Never throws: what goes wrong is printed, the exit code returned. */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  try {
    const program = buildProgram(surroundings, (code) => {
      exitCode = code;
    });
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return isAnswered(error) ? 0 : 2;
    return printError(error, surroundings.terminal, args.includes("--debug"), commandWords(args));
  }
}

/** Which command it was, where nothing else is known of the place; what follows an option may be anything. */
function commandWords(args: readonly string[]): string {
  const end = args.findIndex((argument) => argument.startsWith("-"));
  return ["duijie", ...args.slice(0, end === -1 ? 2 : Math.min(end, 2))].join(" ");
}

/** Help or the version was asked for and printed; help printed unasked means that the command was missing. */
function isAnswered(error: CommanderError): boolean {
  return error.code === "commander.helpDisplayed" || error.code === "commander.version";
}

export function buildProgram(surroundings: Surroundings, ended: (code: ExitCode) => void): Command {
  const { terminal } = surroundings;
  const program = new TranslatedCommand(terminal, "duijie");
  program.description(terminal.text("command.duijie"));
  program.version(manifest.version, "-V, --version", terminal.text("help.version"));
  const text = (key: string) => terminal.text(`option.${key}`);
  // Taken here too, and explained where they are mostly written: behind the command.
  for (const option of commonOptions(text)) program.addOption(option.hideHelp());
  addCommands(program, frameOf(surroundings, ended));
  return program;
}

function addCommands(program: Command, frame: Frame): void {
  initCommand(frame, program);
  grantsCommand(frame, program);
  migrateCommand(frame, program);
  checkCommand(frame, program);
  configShowCommand(frame, frame.group(program, "config"));
  connectorVerifyCommand(frame, frame.group(program, "connector"));
  const map = frame.group(program, "map");
  mapImportCommand(frame, map);
  mapListCommand(frame, map);
  const load = frame.group(program, "load");
  loadPlanCommand(frame, load);
  loadRunCommand(frame, load);
  loadStatusCommand(frame, load);
  loadPauseCommand(frame, load);
  loadResumeCommand(frame, load);
  loadStopCommand(frame, load);
  loadRecallCommand(frame, load);
  const vendor = frame.group(program, "vendor");
  vendorListCommand(frame, vendor);
  vendorAbandonCommand(frame, vendor);
  vendorKitCommand(frame, vendor);
  vendorVerifyCommand(frame, vendor);
  packageMakeCommand(frame, frame.group(program, "package"));
  const schedule = frame.group(program, "schedule");
  scheduleRunCommand(frame, schedule);
  scheduleWatchCommand(frame, schedule);
  scheduleShowCommand(frame, schedule);
  scheduleStatusCommand(frame, schedule);
  const quarantine = frame.group(program, "quarantine");
  quarantineListCommand(frame, quarantine);
  quarantineReplayCommand(frame, quarantine);
  const position = frame.group(program, "position");
  positionListCommand(frame, position);
  positionAcceptCommand(frame, position);
  const national = nationalCommand(frame, program);
  nationalExportCommand(frame, national);
  nationalImportCommand(frame, national);
}

function frameOf(surroundings: Surroundings, ended: (code: ExitCode) => void): Frame {
  const { terminal } = surroundings;
  const described = (parent: Command, name: string): Command => {
    const command = parent.command(name);
    return command.description(
      terminal.text(
        `command.${commandPath(command)
          .replace(/^duijie /, "")
          .replaceAll(" ", ".")}`,
      ),
    );
  };
  return {
    text: (key) => terminal.text(`option.${key}`),
    group: described,
    command: (parent: Command, name: string, handler: Handler) => {
      const command = described(parent, name);
      for (const option of commonOptions((key) => terminal.text(`option.${key}`))) command.addOption(option);
      return command.action(async () => {
        ended(await handler(invocationOf(surroundings, command), command));
      });
    },
  };
}

function commonOptions(text: (key: string) => string): readonly Option[] {
  return [
    new Option("--config <file>", text("config")),
    new Option("--lang <language>", text("lang")).choices(languages),
    new Option("--json", text("json")),
    new Option("--debug", text("debug")),
  ];
}
