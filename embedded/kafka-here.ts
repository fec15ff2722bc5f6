import { DuijieError } from "../contracts/errors.ts";
import { type Environment, findJava, findMaven } from "./java.ts";
import { areJarsHere } from "./kafka-jars.ts";

/**
 * Why no Kafka can be started on this machine (JAVA_MISSING, MAVEN_MISSING), or null. Maven is only needed until the
 * jars are in the cache.
 */
export function kafkaObstacle(env: Environment, hasJars = areJarsHere()): DuijieError | null {
  try {
    findJava(env);
    if (!hasJars) findMaven(env);
    return null;
  } catch (error) {
    if (error instanceof DuijieError) return error;
    throw error;
  }
}
