import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../contracts/errors.ts";
import { findJava, findMaven, javaVersion } from "./java.ts";
import { kafkaObstacle } from "./kafka-here.ts";
import { mavenArguments } from "./kafka-jars.ts";

describe("Java and Maven", () => {
  const home = mkdtempSync(join(tmpdir(), "duijie-java-"));
  mkdirSync(join(home, "bin"));

  after(() => rmSync(home, { recursive: true }));

  /** A `java` that claims a version. */
  function install(version: string): void {
    const program = join(home, "bin", "java");
    writeFileSync(program, `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`);
    chmodSync(program, 0o755);
  }

  function codeAndParams(work: () => unknown): unknown {
    try {
      work();
    } catch (error) {
      if (error instanceof DuijieError) return { code: error.code, ...error.params };
      throw error;
    }
    return expect.fail("it did not throw");
  }

  it("tells what keeps Kafka from this machine: Java, or Maven while the jars are not here", () => {
    install("17.0.15");
    const env = { JAVA_HOME: home, PATH: "/nonexistent" };
    expect(kafkaObstacle(env, true)).to.equal(null);
    expect(kafkaObstacle(env, false)?.code).to.equal("MAVEN_MISSING");
    expect(kafkaObstacle({ PATH: "/nonexistent" }, true)?.code).to.equal("JAVA_MISSING");
  });

  it("reads the version that java -version prints", () => {
    expect(javaVersion('openjdk version "17.0.15" 2025-04-15')).to.equal(17);
    expect(javaVersion('java version "1.8.0_392"')).to.equal(8);
    expect(javaVersion('openjdk version "25" 2025-09-16')).to.equal(25);
    expect(javaVersion("The operation couldn't be completed. Unable to locate a Java Runtime.")).to.equal(
      undefined,
    );
  });

  it("takes the Java of JAVA_HOME, if it is new enough", () => {
    install("21.0.2");
    expect(findJava({ JAVA_HOME: home })).to.equal(join(home, "bin", "java"));
    install("11.0.22");
    expect(codeAndParams(() => findJava({ JAVA_HOME: home }))).to.deep.equal({
      code: "JAVA_MISSING",
      found: `Java 11 (${join(home, "bin", "java")})`,
      needed: 17,
    });
  });

  it("says where no Java was found", () => {
    expect(codeAndParams(() => findJava({ JAVA_HOME: "", PATH: "/nonexistent" }))).to.deep.equal({
      code: "JAVA_MISSING",
      found: "no java",
      needed: 17,
    });
  });

  it("says that Maven was not found", () => {
    expect(codeAndParams(() => findMaven({ PATH: "/nonexistent:/empty" }))).to.deep.equal({
      code: "MAVEN_MISSING",
      found: "no mvn in 2 folders of PATH",
    });
  });

  it("passes the user's arguments to Maven, our variable first", () => {
    expect(mavenArguments({ MAVEN_ARGS: " -o  -Dmaven.repo.local=/m " })).to.deep.equal([
      "-o",
      "-Dmaven.repo.local=/m",
    ]);
    expect(mavenArguments({ MAVEN_ARGS: "-o", DUIJIE_MAVEN_ARGS: "-X" })).to.deep.equal(["-X"]);
    expect(mavenArguments({})).to.deep.equal([]);
  });
});
