import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { cacheFolder } from "./cache-folder.ts";
import { type Environment, findMaven } from "./java.ts";

const pom = join(packageRoot, "embedded", "kafka", "pom.xml");

/**
 * The folder with the broker's jars, fetched by Maven the first time. Maven's further arguments come from
 * DUIJIE_MAVEN_ARGS, else MAVEN_ARGS, which Maven itself reads only from version 3.9 on.
 */
export function kafkaJars(env: Environment, log?: (line: string) => void): string {
  const folder = jarFolder();
  if (existsSync(folder)) return folder;
  const maven = findMaven(env);
  log?.(`Kafka: fetching ${kafkaVersion()} by Maven, once`);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  fetchInto(maven, unfinished, env);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process was faster: its copy is as good.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** True once they were fetched. */
export function areJarsHere(): boolean {
  return existsSync(jarFolder());
}

function jarFolder(): string {
  return join(cacheFolder, `kafka-${kafkaVersion()}`);
}

/** The version pinned in the pom. */
export function kafkaVersion(): string {
  const version = /<kafka\.version>([^<]+)</.exec(readFileSync(pom, "utf8"))?.[1];
  if (version === undefined)
    throw new DuijieError("SETUP_FAILED", { step: "Kafka", found: `no kafka.version in ${pom}` });
  return version;
}

function fetchInto(maven: string, folder: string, env: Environment): void {
  const args = ["--batch-mode", "--quiet", "--file", pom, "dependency:copy-dependencies"];
  args.push(`-DoutputDirectory=${folder}`, "-DincludeScope=runtime", ...mavenArguments(env));
  // Maven 3.9 would read MAVEN_ARGS a second time.
  const result = spawnSync(maven, args, {
    env: { ...env, MAVEN_ARGS: "" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (result.status === 0 && existsSync(folder)) return;
  rmSync(folder, { recursive: true, force: true });
  const found = `${result.stdout}${result.stderr}`.trim().split("\n").slice(0, 3).join(" | ");
  throw new DuijieError("SETUP_FAILED", { step: "Maven", found: found || "no output" }, result.error);
}

/** Split at spaces; a value with spaces is not possible, as in Maven's own start script. */
export function mavenArguments(env: Environment): string[] {
  return (env["DUIJIE_MAVEN_ARGS"] ?? env["MAVEN_ARGS"] ?? "").split(/\s+/).filter(Boolean);
}
