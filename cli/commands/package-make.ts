import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { makePackage, packageName } from "../../connectors/package/make-package.ts";
import { readPrivateKey } from "../../connectors/package/manifest.ts";
import { untilStopped } from "../daemon.ts";
import type { Frame } from "../invocation.ts";
import { provinceCode, wholeNumber } from "../option-values.ts";
import { usageError } from "../usage-error.ts";

interface MakeOptions {
  readonly folder: string;
  readonly from: string;
  readonly province: string;
  readonly key: string;
  readonly keyId: string;
  readonly charset: "utf8" | "gb18030" | "gbk";
  readonly separator: "," | ";" | "tab";
  readonly sequence?: number;
}

/** `package make`: the files of a folder as the next signed package. It needs no configuration: it runs where the files are made. */
export function packageMakeCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "make", async (invocation, command) => {
      const options = command.opts<MakeOptions>();
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(options.keyId))
        throw usageError("invalidValue", { found: "--key-id" }, "package make");
      return await untilStopped(invocation.terminal, async (signal) => {
        const folder = resolve(options.folder);
        const manifest = await makePackage(
          {
            folder,
            from: resolve(options.from),
            province: options.province,
            ...(options.sequence === undefined ? {} : { sequence: options.sequence }),
            keyId: options.keyId,
            key: readPrivateKey(resolve(options.key)),
            charset: options.charset,
            separator: options.separator === "tab" ? "\t" : options.separator,
            workFolder: resolve(folder, ".work"),
            createdAt: invocation.now(),
          },
          signal,
        );
        const { terminal } = invocation;
        if (invocation.json) terminal.json({ folder, ...manifest });
        else {
          terminal.table(
            ["file", "rows", "bytes"],
            manifest.files.map(({ bytes, name, rows }) => [name, rows, bytes]),
          );
          const made = resolve(folder, packageName(manifest.sequence));
          terminal.say("package.made", { folder: made, sequence: manifest.sequence, keyId: manifest.keyId });
        }
        return 0;
      });
    })
    .requiredOption("--folder <folder>", frame.text("packageFolder"))
    .requiredOption("--from <folder>", frame.text("packageFrom"))
    .requiredOption("--province <code>", frame.text("packageProvince"), provinceCode)
    .requiredOption("--key <file>", frame.text("packageKey"))
    .requiredOption("--key-id <id>", frame.text("packageKeyId"))
    .addOption(
      new Option("--charset <charset>", frame.text("packageCharset"))
        .choices(["utf8", "gb18030", "gbk"])
        .default("utf8"),
    )
    .addOption(
      new Option("--separator <separator>", frame.text("packageSeparator"))
        .choices([",", ";", "tab"])
        .default(","),
    )
    .option("--sequence <number>", frame.text("packageSequence"), wholeNumber);
}
