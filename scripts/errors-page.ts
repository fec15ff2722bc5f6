import { describeError } from "../config/describe-error.ts";
import {
  type Disposition,
  DuijieError,
  type ErrorCode,
  errorKinds,
  isErrorCode,
} from "../contracts/errors.ts";
import { createTexts, type Language } from "../contracts/texts.ts";

/** What is done about an error, in Chinese and English. */
const dispositions: Readonly<Record<Disposition, readonly [zh: string, en: string]>> = {
  retry: ["自动重试，有次数限制", "tried again by itself, within a budget"],
  wait: ["等待它所缺的上级记录", "waits for the one parent that it lacks"],
  refuse: [
    "拒收整条消息，记录并计数，继续处理其他消息",
    "the whole message is refused, recorded and counted; the others go on",
  ],
  quarantine: [
    "隔离这一条记录并写明原因，其他继续",
    "this one record is parked with its reason; the others go on",
  ],
  reject: ["国家级拒绝了这一条记录，其他继续", "the nation rejected this one record; the others go on"],
  pause: ["暂停这类数据，等人处理，其他继续", "this entity pauses until a person acted; the others go on"],
  halt: ["停止程序", "the program stops"],
};

/** docs/errors.md: every code with its meaning, cause and cure, made from the catalogue and its texts alone. */
export function errorsPage(): string {
  const codes = Object.keys(errorKinds).filter(isErrorCode);
  return `${[introduction(), ...codes.map(section)].join("\n\n")}\n`;
}

function introduction(): string {
  const rows = Object.entries(dispositions).map(([name, [zh, en]]) => `| \`${name}\` | ${zh} | ${en} |`);
  return `# 错误代码 · Error codes

<!-- Written by \`npm run generate\` from contracts/errors.ts and contracts/texts. Changes here are lost. -->

代码不会变，文字可能会改。命令显示：发现了什么、在哪里、下一步做什么；\`--json\` 给出代码。错误和日志里没有任何个人信息。

A code never changes, its text may. A command says what was found, where, and what to do next; \`--json\` gives the code. No error and no log holds anything personal.

| 退出码 · exit code | 中文 | English |
|---|---|---|
| 0 | 完成 | done |
| 1 | 失败 | failed |
| 2 | 用法或设置有误 | usage or set-up |
| 3 | 完成，但有记录被隔离、拒绝或在等待 | done, with records in quarantine, rejected or waiting |

| 处理方式 · disposition | 中文 | English |
|---|---|---|
${rows.join("\n")}`;
}

function section(code: ErrorCode): string {
  const { disposition, exitCode } = errorKinds[code];
  return `## ${code}

\`${disposition}\` · exit ${exitCode}

${paragraph(code, "zh", ["含义：", "原因：", "处理："])}

${paragraph(code, "en", ["Meaning: ", "Cause: ", "Cure: "])}`;
}

function paragraph(code: ErrorCode, language: Language, labels: readonly [string, string, string]): string {
  const texts = createTexts(language);
  const { what, remedy } = describeError(new DuijieError(code), texts);
  const [meaning, cause, cure] = labels;
  return [`- ${meaning}${what}`, `- ${cause}${texts(`errors.${code}.why`)}`, `- ${cure}${remedy}`]
    .join("\n")
    .replaceAll("–", "…");
}
