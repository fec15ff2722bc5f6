import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";

/** The caller's environment; only these programs are looked up in it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const javaVersionMin = 17;

/** The `java` to run Kafka with, from JAVA_HOME, else PATH. Throws JAVA_MISSING with what was found. */
export function findJava(env: Environment): string {
  const home = env["JAVA_HOME"];
  const program = home === undefined || home === "" ? "java" : join(home, "bin", "java");
  const result = spawnSync(program, ["-version"], {
    env: { ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const version = result.error === undefined ? javaVersion(`${result.stderr}${result.stdout}`) : undefined;
  if (version === undefined)
    throw new DuijieError("JAVA_MISSING", { found: `no ${program}`, needed: javaVersionMin }, result.error);
  if (version < javaVersionMin)
    throw new DuijieError("JAVA_MISSING", { found: `Java ${version} (${program})`, needed: javaVersionMin });
  return program;
}

/** The main version in the output of `java -version`: 17 of "17.0.15", 8 of "1.8.0_392". */
export function javaVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** The `mvn` that fetches the jars, from PATH. Throws MAVEN_MISSING. */
export function findMaven(env: Environment): string {
  const program = process.platform === "win32" ? "mvn.cmd" : "mvn";
  const result = spawnSync(program, ["-v"], {
    env: { ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (result.error !== undefined || result.status !== 0) {
    const places = (env["PATH"] ?? "").split(delimiter).filter(Boolean).length;
    throw new DuijieError(
      "MAVEN_MISSING",
      { found: `no ${program} in ${places} folders of PATH` },
      result.error,
    );
  }
  return program;
}
