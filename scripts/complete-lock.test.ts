import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";

const script = join(packageRoot, "scripts", "complete-lock.mjs");

/** The module is plain JavaScript: it is asked as a program asks it. */
function complete(lock: unknown): unknown {
  const module = JSON.stringify(new URL("complete-lock.mjs", import.meta.url).href);
  const code = `const { completeLock } = await import(${module});
    process.stdout.write(JSON.stringify(completeLock(${JSON.stringify(lock)})));`;
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(result.stderr).to.equal("");
  return JSON.parse(result.stdout);
}

describe("the lock file", () => {
  it("names the binaries of every platform and no address", () => {
    const result = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
    expect(result.stdout).to.equal("");
    expect(result.status).to.equal(0);
  });
});

describe("completing a lock file", () => {
  const tool = {
    version: "1.2.3",
    dev: true,
    license: "MIT",
    resolved: "https://registry.example/tool",
    optionalDependencies: {
      "@tool/darwin-arm64": "1.2.3",
      "@tool/cli-linux-x64-musl": "1.2.3",
      "@tool/binding-linux-arm-gnueabihf": "1.2.3",
      "@tool/windows-x64": "1.2.3",
    },
  };
  const here = { version: "1.2.3", os: ["darwin"] };

  it("adds what is missing, by the platform in its name, and takes addresses away", () => {
    const packages = { "node_modules/tool": tool, "node_modules/@tool/darwin-arm64": here };
    const common = { version: "1.2.3", dev: true, license: "MIT", optional: true };
    const { resolved: _address, ...toolWithout } = tool;
    expect(complete({ packages })).to.deep.equal({
      lock: {
        packages: {
          "node_modules/tool": toolWithout,
          "node_modules/@tool/darwin-arm64": here,
          "node_modules/@tool/cli-linux-x64-musl": { ...common, cpu: ["x64"], libc: ["musl"], os: ["linux"] },
          "node_modules/@tool/binding-linux-arm-gnueabihf": {
            ...common,
            cpu: ["arm"],
            libc: ["glibc"],
            os: ["linux"],
          },
          "node_modules/@tool/windows-x64": { ...common, cpu: ["x64"], os: ["win32"] },
        },
      },
      added: [
        "node_modules/@tool/cli-linux-x64-musl",
        "node_modules/@tool/binding-linux-arm-gnueabihf",
        "node_modules/@tool/windows-x64",
      ],
      resolved: ["node_modules/tool"],
    });
  });
});
