#!/usr/bin/env node
import { createTexts } from "../contracts/texts.ts";
import { languageOf } from "./language.ts";
import { runProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";

const args = process.argv.slice(2);
const language = languageOf(args, process.env);
const terminal = new Terminal(createTexts(language), {
  out: process.stdout,
  err: process.stderr,
  isTty: process.stderr.isTTY === true,
});

// A reader that left (`duijie … | head`) is no failure of the command.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runProgram(args, { env: process.env, now: () => new Date(), language, terminal });
// Everything was closed; a client's thread that is still about must not keep the process.
setTimeout(() => process.exit(), 1000).unref();
