/** Child processes of the scripts. */
import { spawn } from "node:child_process";

/** Runs a program to its end; its output is kept, not shown. Never throws: `status` is null when it did not start. */
export function runQuietly(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => resolve({ status: null, output: error.message }));
    child.once("close", (status) => resolve({ status, output }));
  });
}

/** Runs a program in the foreground: its streams are ours, signals reach it, its end is ours. Returns the exit code. */
export function runInForeground(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    // A terminal sends Ctrl-C to every process of the foreground itself: passed on, the child would get it twice,
    // and a second Ctrl-C means "stop at once".
    const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const pass = (signal) => {
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    child.once("error", reject);
    child.once("close", (status, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(status ?? 128 + (signalNumbers[signal] ?? 0));
    });
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
