import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pg from "pg";
import type { ErrorCode } from "../../contracts/errors.ts";
import { createKeyPair } from "../../pipeline/signing.ts";
import type { Content } from "./province-folder.ts";
import { sendWrong } from "./runbook-messages.ts";
import { packageCases } from "./runbook-package-cases.ts";
import { fileCases, serverCases, setUpCases } from "./runbook-set-up-cases.ts";
import { province, pupils, type RunbookCase, type RunbookWorld, spareSchool } from "./runbook-world.ts";
import { schoolIdsOf, smallProvince } from "./small-province.ts";
import { VendorRole } from "./vendor-role.ts";

type World = RunbookWorld;

const nothing = () => undefined;

export const loadCases: readonly RunbookCase[] = [
  {
    code: "NATION_SILENT",
    provoke: async (world) => {
      await world.stopNation();
      world.configure(impatient);
    },
    hand: (world) => [
      async () => {
        world.configure();
        await world.startNation();
      },
    ],
  },
  {
    code: "SIGNATURE_INVALID",
    provoke: (world) => {
      const { privatePem, publicPem } = createKeyPair();
      writeFileSync(join(world.folder, "keys", "new.key"), privatePem, { mode: 0o600 });
      writeFileSync(join(world.folder, "keys", "new.pub"), publicPem);
      world.configure((content) => withNewKey(impatient(content)));
    },
    hand: (world) => [
      nothing,
      () => world.configureNation([{ id: `${province}-2`, publicKeyFile: "../keys/new.pub" }]),
      async () => {
        world.configure(withNewKey);
        await world.startNation();
      },
    ],
  },
  {
    code: "PROVINCE_FOREIGN",
    provoke: async (world) =>
      await sendWrong(world, "900001", gzipSync("{}"), (headers) => ({
        ...headers,
        ce_source: "/provinces/37",
      })),
    hand: () => [nothing],
  },
  {
    code: "MESSAGE_MALFORMED",
    provoke: async (world) => await sendWrong(world, "900002", Buffer.from("no gzip")),
    hand: () => [nothing],
  },
  { code: "LOAD_NOT_FOUND" },
  {
    code: "LOAD_STATE_WRONG",
    provoke: async (world) => {
      await world.sql(
        "EXCHANGE_OWNER",
        `INSERT INTO exchange.run (province, kind, state, mapping_version, profile, entities)
         VALUES ('${province}', 'load', 'running', 0, 'national-2013', '["student"]')`,
      );
    },
  },
  { code: "RECALL_RUNNING", provoke: recallElsewhere, hand: () => [async () => await endRecall()] },
  {
    code: "POSITION_LOST",
    provoke: async (world) => {
      await world.sql(
        "EXCHANGE_OWNER",
        `UPDATE exchange.consumer_position SET next_offset = 100000 WHERE topic = '${world.values["topic"]}'`,
      );
    },
    hand: () => [nothing],
  },
  {
    code: "INVARIANT_BROKEN",
    provoke: async (world) => {
      await world.sql(
        "NATIONAL_OWNER",
        "UPDATE registry.student SET phone = '13900000009' WHERE source_key = 'p000001'",
      );
    },
  },
  {
    code: "RECALL_PRIOR_GONE",
    provoke: async (world) => {
      await pupil(world, 2, "phone = '13900000008'");
      await world.type("duijie load run # → 0", []);
      await world.sql("EXCHANGE_OWNER", "DELETE FROM staging.student_prior");
    },
    hand: (world) => [async () => await pupil(world, 2, "phone = '13900000001'")],
  },
];

/** What is wrong in the registry, all at once, and how each is put right. */
export interface RecordCase {
  readonly code: ErrorCode;
  readonly spoil: string;
  readonly mend: string | ((world: World) => void);
}

const one = (key: string, change: string) => `UPDATE own.student SET ${change} WHERE source_key = '${key}'`;
const copy = (table: string, like: string, values: Readonly<Record<string, string>>) =>
  `INSERT INTO own.${table} SELECT (jsonb_populate_record(t, '${JSON.stringify(values)}')).* FROM own.${table} t WHERE source_key = '${like}'`;
const [school] = schoolIdsOf(province);

export const recordCases: readonly RecordCase[] = [
  {
    code: "RECORD_MALFORMED",
    spoil: one("p000010", "name = name || chr(1)"),
    mend: one("p000010", "name = '学童10'"),
  },
  {
    code: "KEY_MISSING",
    spoil: one("p000011", "source_key = NULL"),
    mend: "UPDATE own.student SET source_key = 'p000011' WHERE source_key IS NULL",
  },
  {
    code: "KEY_DUPLICATE",
    spoil: one("p000013", "source_key = 'p000012'"),
    mend: "UPDATE own.student SET source_key = 'p000013' WHERE name = '学童13'",
  },
  {
    code: "MAPPING_MISSING",
    spoil: one("p000014", "gender_code = 'X'"),
    mend: (world) => world.writeFile("sex.csv", "source_code,target_code\n1,1\n2,2\nX,1\n"),
  },
  {
    code: "CONTRACT_VIOLATION",
    spoil: one("p000015", "name = NULL"),
    mend: one("p000015", "name = '学童15'"),
  },
  {
    code: "PARENT_MISSING",
    spoil: one("p000016", "class_id = 'cnone'"),
    mend: one("p000016", `class_id = 'c${school}'`),
  },
  {
    code: "REGION_UNKNOWN",
    spoil: copy("region", "r1", { source_key: "r2", code: "330198", code12: "330198000000" }),
    mend: "UPDATE own.region SET code = '330105', code12 = '330105000000' WHERE source_key = 'r2'",
  },
  {
    code: "SCHOOL_UNKNOWN",
    spoil: copy("school", `s${school}`, { source_key: "s9", school_id: `21${province}000009` }),
    mend: `UPDATE own.school SET school_id = '${spareSchool}' WHERE source_key = 's9'`,
  },
  {
    code: "IDENTIFIER_TAKEN",
    spoil: copy("school_grade", `g${school}`, { source_key: "g9" }),
    mend: "UPDATE own.school_grade SET grade_id = 'g9' WHERE source_key = 'g9'",
  },
];

export const shareCase: RunbookCase = {
  code: "QUARANTINE_SHARE_EXCEEDED",
  provoke: async (world) => {
    world.configure((content) => ({
      ...content,
      load: { ...(content["load"] as Content), quarantineRowsMin: 10 },
    }));
    await world.sql("REGISTRY_OWNER", "UPDATE own.student SET name = NULL WHERE source_key < 'p000010'");
  },
  hand: (world) => [
    async () => {
      await world.sql(
        "REGISTRY_OWNER",
        "UPDATE own.student SET name = '学童' || substr(source_key, 2)::int WHERE name IS NULL",
      );
    },
  ],
};

let vendor: VendorRole | null = null;

/** A load that calls itself complete and holds a few of the pupils only. */
async function deliverPart(world: World): Promise<void> {
  vendor = await VendorRole.create(world.urls.exchange, province, "runbook");
  world.values["load"] = await vendor.deliver({ student: smallProvince(province, 5).student }, true);
  world.configure((content) => ({ ...content, registry: { engine: "vendor" } }));
}

export async function endVendor(): Promise<void> {
  await vendor?.end();
  vendor = null;
}

export const vendorCase: RunbookCase = {
  code: "DELETION_SHARE_EXCEEDED",
  provoke: deliverPart,
  hand: () => [
    async () => {
      await vendor?.deliver({ student: smallProvince(province, pupils).student }, true);
    },
  ],
};

/** Every code that the test runs. */
export const runCodes: readonly ErrorCode[] = [
  ...setUpCases,
  ...serverCases,
  ...fileCases,
  ...packageCases,
  ...loadCases,
  ...recordCases,
  shareCase,
  vendorCase,
].map(({ code }) => code);

let recalling: pg.Client | null = null;

/** Another process holds what a recall holds. */
async function recallElsewhere(world: World): Promise<void> {
  const [run] = await world.sql(
    "EXCHANGE_OWNER",
    "SELECT max(run_id)::text AS id FROM exchange.run WHERE kind = 'load' AND state = 'done'",
  );
  const id = run?.["id"];
  world.values["number"] = typeof id === "string" ? id : "";
  recalling = new pg.Client({ connectionString: world.urls.exchange });
  await recalling.connect();
  await recalling.query("SELECT pg_advisory_lock(hashtext($1))", [`duijie.recall.${province}`]);
}

export async function endRecall(): Promise<void> {
  await recalling?.end();
  recalling = null;
}

async function pupil(world: World, index: number, change: string): Promise<void> {
  await world.sql("REGISTRY_OWNER", one(`p${String(index).padStart(6, "0")}`, change));
}

/** Waits for no nation that will not answer. */
function impatient(content: Content): Content {
  return { ...content, link: { ...(content["link"] as Content), welcomeSeconds: 2 } };
}

function withNewKey(content: Content): Content {
  const signing = { id: `${province}-2`, privateKeyFile: "./keys/new.key" };
  return { ...content, keys: { ...(content["keys"] as Content), signing } };
}
