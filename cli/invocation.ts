import type { Command } from "commander";
import type { Environment } from "../config/secrets.ts";
import type { Language } from "../contracts/texts.ts";
import { defaultConfigFile } from "./language.ts";
import type { Terminal } from "./terminal.ts";

/** 0 done, 1 failed, 2 usage or set-up, 3 done with quarantine; 130 and 143 after a signal. */
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143;

/** What a command is given of the world: nothing else reads the environment or the time. */
export interface Surroundings {
  readonly env: Environment;
  readonly now: () => Date;
  readonly language: Language;
  readonly terminal: Terminal;
}

export interface Invocation extends Surroundings {
  readonly configFile: string;
  readonly json: boolean;
}

export type Handler = (invocation: Invocation, command: Command) => Promise<ExitCode>;

/** What every command is built with: commander underneath, our texts, and the way to its handler. */
export interface Frame {
  /** A command below `parent`, described by the text `command.<path, dots between>`. */
  command(parent: Command, name: string, handler: Handler): Command;
  group(parent: Command, name: string): Command;
  /** The description of an option: the text `option.<name>`. */
  text(key: string): string;
}

interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

export function invocationOf(surroundings: Surroundings, command: Command): Invocation {
  const { config, json } = command.optsWithGlobals<CommonOptions>();
  const configFile = config ?? surroundings.env["DUIJIE_CONFIG"] ?? defaultConfigFile;
  return { ...surroundings, configFile, json: json === true };
}
