import { Command, Help, type Option } from "commander";
import { FindingsError } from "../contracts/finding.ts";
import { displayWidth } from "./table-text.ts";
import type { Terminal } from "./terminal.ts";

/** What commander says of an argument, by its code → our text and what was found. */
const faults: Readonly<Record<string, string>> = {
  "commander.unknownOption": "unknownOption",
  "commander.unknownCommand": "unknownCommand",
  "commander.missingArgument": "missingArgument",
  "commander.optionMissingArgument": "optionWithoutValue",
  "commander.missingMandatoryOptionValue": "optionMissing",
  "commander.conflictingOption": "optionsConflict",
  "commander.invalidArgument": "invalidValue",
  "commander.excessArguments": "tooManyArguments",
};

/** commander's command with our texts: its own messages exist in English only. */
export class TranslatedCommand extends Command {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal, name?: string) {
    super(name);
    this.#terminal = terminal;
    this.exitOverride();
    this.helpOption("-h, --help", terminal.text("help.option"));
    this.helpCommand(false);
    this.configureOutput({
      writeOut: (text) => terminal.data(text),
      writeErr: (text) => terminal.dataNote(text),
    });
  }

  override createCommand(name?: string): Command {
    return new TranslatedCommand(this.#terminal, name);
  }

  override createHelp(): Help {
    return Object.assign(new TranslatedHelp(this.#terminal), this.configureHelp());
  }

  /** commander calls it for each wrong use; its message carries the only trace of what was found, in quotes. */
  override error(message: string, options?: { readonly code?: string }): never {
    const name = faults[options?.code ?? ""] ?? "other";
    const [found = "", suggestion] = quoted(message);
    const findings = [{ key: `cli.usage.${name}`, params: { found } }];
    if (suggestion !== undefined)
      findings.push({ key: "cli.usage.suggestion", params: { found: suggestion } });
    // What was found stands in the sentence; the program's own name stands in the text already.
    const command = commandPath(this).replace(/^duijie ?/, "");
    throw new FindingsError("USAGE_INVALID", command === "" ? {} : { command }, findings);
  }
}

/** `error: option '--port <n>' argument 'x' is invalid`, and `(Did you mean --json?)`. */
function quoted(message: string): [string?, string?] {
  const found = /'([^']*)'/.exec(message)?.[1] ?? "";
  const suggestion = /\(Did you mean (?:one of )?([^?]*)\?\)/.exec(message)?.[1];
  return suggestion === undefined ? [found] : [found, suggestion];
}

export function commandPath(command: Command): string {
  const parent = command.parent;
  return parent === null ? command.name() : `${commandPath(parent)} ${command.name()}`;
}

class TranslatedHelp extends Help {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
  }

  override displayWidth(text: string): number {
    return displayWidth(text);
  }

  override styleTitle(title: string): string {
    const titles: Readonly<Record<string, string>> = {
      "Usage:": this.#terminal.text("help.usage"),
      "Arguments:": this.#terminal.text("help.arguments"),
      "Options:": this.#terminal.text("help.options"),
      "Global Options:": this.#terminal.text("help.options"),
      "Commands:": this.#terminal.text("help.commands"),
    };
    return titles[title] ?? title;
  }

  override styleUsage(usage: string): string {
    return this.#placeholders(usage);
  }

  override subcommandTerm(command: Command): string {
    return this.#placeholders(super.subcommandTerm(command));
  }

  override optionDescription(option: Option): string {
    const { argChoices, defaultValue, description } = option;
    const choices =
      argChoices === undefined ? "" : this.#terminal.text("help.choices", { choices: argChoices.join("|") });
    const standard =
      typeof defaultValue === "string" || typeof defaultValue === "number"
        ? this.#terminal.text("help.default", { value: defaultValue })
        : "";
    return `${description}${choices}${standard}`;
  }

  #placeholders(text: string): string {
    return text
      .replace("[options]", this.#terminal.text("help.optionsPlaceholder"))
      .replace("[command]", this.#terminal.text("help.commandPlaceholder"));
  }
}
