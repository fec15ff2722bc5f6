import type { Content } from "./province-folder.ts";

/** Its topics exist and no nation listens. */
export const province = "41";
/** Nobody made its topics. */
export const unknownProvince = "45";

export interface BadInput {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: string;
  readonly exitCode: number;
  /** What has to be named, whatever the language. */
  readonly found?: string;
  readonly change?: (content: Content) => Content;
  readonly env?: Readonly<Record<string, string>>;
  /** The national node's configuration instead of the province's. */
  readonly isNational?: true;
}

const part = (content: Content, name: string): Content => content[name] as Content;
const changed =
  (name: string, more: Content) =>
  (content: Content): Content => ({ ...content, [name]: { ...part(content, name), ...more } });
const entity =
  (name: string, more: Content) =>
  (content: Content): Content => {
    const registry = part(content, "registry");
    const entities = part(registry, "entities");
    const one = { ...part(entities, name), ...more };
    return { ...content, registry: { ...registry, entities: { ...entities, [name]: one } } };
  };
const field =
  (name: string, of: string, value: Content | string) =>
  (content: Content): Content => {
    const fields = part(part(part(part(content, "registry"), "entities"), name), "fields");
    return entity(name, { fields: { ...fields, [of]: value } })(content);
  };

/** `FOLDER` is the folder of the test; of `env`, a value may name one of the databases that the test made. */
const nowhere = { client: "kafkajs", brokers: ["127.0.0.1:1"], requestTimeoutMs: 1000 };

export const badInputs: readonly BadInput[] = [
  {
    name: "no configuration",
    args: ["check", "--config", "/nowhere/duijie.yaml"],
    code: "CONFIG_NOT_FOUND",
    exitCode: 2,
    found: "/nowhere/duijie.yaml",
  },
  {
    name: "an unknown key",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "exchangeDB",
    change: (content) => ({ ...content, exchangeDB: "x" }),
  },
  {
    name: "a part that is missing",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "brokers",
    change: (content) => ({ ...content, kafka: { client: "kafkajs" } }),
  },
  {
    name: "an unknown engine",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "dbase",
    change: changed("registry", { engine: "dbase" }),
  },
  {
    name: "an unknown field",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "shoeSize",
    change: field("student", "shoeSize", "x"),
  },
  {
    name: "an unknown profile",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "national-1900",
    change: changed("load", { profile: "national-1900" }),
  },
  {
    name: "a password in the file",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "exchangeDb",
    change: changed("exchangeDb", { url: "postgres://me:secret@db/x" }),
  },
  {
    name: "a variable that is not set",
    args: ["check"],
    code: "SECRET_MISSING",
    exitCode: 2,
    found: "EXCHANGE_URL",
    env: { EXCHANGE_URL: "" },
  },
  {
    name: "the configuration of the other role",
    args: ["load", "status"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    isNational: true,
  },
  {
    name: "a required field without a column",
    args: ["check"],
    code: "CONFIG_INVALID",
    exitCode: 2,
    found: "birthDate",
    change: entity("student", { fields: { name: "name", schoolId: "school_id" } }),
  },

  {
    name: "a registry that can't be reached",
    args: ["load", "plan"],
    code: "SOURCE_UNREACHABLE",
    exitCode: 1,
    found: "127.0.0.1",
    env: { REGISTRY_URL: "nowhere" },
  },
  {
    name: "a registry that can't be reached, asked by check",
    args: ["check"],
    code: "SOURCE_UNREACHABLE",
    exitCode: 2,
    env: { REGISTRY_URL: "nowhere" },
  },
  {
    name: "a wrong password of the registry",
    args: ["load", "plan"],
    code: "SOURCE_REFUSED",
    exitCode: 1,
    env: { REGISTRY_URL: "wrongAtRegistry" },
  },
  {
    name: "a table that is missing",
    args: ["load", "plan"],
    code: "SOURCE_CHANGED",
    exitCode: 1,
    found: "own.pupil",
    change: entity("student", { table: "own.pupil" }),
  },
  {
    name: "a column that is missing",
    args: ["load", "run", "--dry-run"],
    code: "SOURCE_CHANGED",
    exitCode: 1,
    found: "given_name",
    change: field("student", "name", "given_name"),
  },
  {
    name: "a column that is missing, asked by check",
    args: ["check"],
    code: "SOURCE_CHANGED",
    exitCode: 2,
    found: "given_name",
    change: field("student", "name", "given_name"),
  },
  {
    name: "no right to a column",
    args: ["load", "run", "--dry-run"],
    code: "SOURCE_REFUSED",
    exitCode: 1,
    found: "student",
    env: { REGISTRY_URL: "reader" },
  },
  {
    name: "no right to a column, asked by check",
    args: ["check"],
    code: "SOURCE_REFUSED",
    exitCode: 2,
    found: "birth_date",
    env: { REGISTRY_URL: "reader" },
  },
  {
    name: "bytes whose charset nobody said",
    args: ["load", "plan"],
    code: "SOURCE_CHARSET_WRONG",
    exitCode: 1,
    found: "SQL_ASCII",
    env: { REGISTRY_URL: "ascii" },
  },

  {
    name: "an exchange-db that can't be reached",
    args: ["load", "status"],
    code: "STORE_UNREACHABLE",
    exitCode: 1,
    found: "127.0.0.1:1",
    env: { EXCHANGE_URL: "nowhere" },
  },
  {
    name: "an exchange-db that can't be reached, asked by check",
    args: ["check"],
    code: "STORE_UNREACHABLE",
    exitCode: 2,
    env: { EXCHANGE_URL: "nowhere" },
  },
  {
    name: "a wrong password of the exchange-db",
    args: ["load", "status"],
    code: "STORE_REFUSED",
    exitCode: 1,
    env: { EXCHANGE_URL: "wrongPassword" },
  },
  {
    name: "an exchange-db without tables",
    args: ["load", "status"],
    code: "SCHEMA_MISSING",
    exitCode: 2,
    env: { EXCHANGE_URL: "empty" },
  },
  {
    name: "an exchange-db of a later program",
    args: ["load", "status"],
    code: "SCHEMA_AHEAD",
    exitCode: 2,
    found: "FromLater9",
    env: { EXCHANGE_URL: "ahead" },
  },
  {
    name: "migrating an exchange-db of a later program",
    args: ["migrate"],
    code: "SCHEMA_AHEAD",
    exitCode: 2,
    env: { EXCHANGE_URL: "ahead" },
  },
  {
    name: "migrating without the right to",
    args: ["migrate"],
    code: "STORE_REFUSED",
    exitCode: 1,
    env: { EXCHANGE_URL: "daemon" },
  },
  {
    name: "an exchange-db that holds no Chinese",
    args: ["check"],
    code: "STORE_REFUSED",
    exitCode: 2,
    found: "LATIN1",
    env: { EXCHANGE_URL: "latin" },
  },
  {
    name: "a role without its rights",
    args: ["check"],
    code: "STORE_REFUSED",
    exitCode: 2,
    found: "INSERT exchange.batch",
    env: { EXCHANGE_URL: "daemon" },
  },

  {
    name: "a broker that can't be reached",
    args: ["load", "run"],
    code: "BROKER_UNREACHABLE",
    exitCode: 1,
    found: "127.0.0.1:1",
    change: (content) => ({ ...content, kafka: nowhere }),
  },
  {
    name: "a broker that can't be reached, asked by check",
    args: ["check"],
    code: "BROKER_UNREACHABLE",
    exitCode: 2,
    change: (content) => ({ ...content, kafka: nowhere }),
  },
  {
    name: "topics that nobody made",
    args: ["load", "run"],
    code: "TOPIC_MISSING",
    exitCode: 2,
    found: `duijie.${unknownProvince}.up.data`,
    change: (content) => ({ ...content, province: unknownProvince }),
  },
  {
    name: "topics that nobody made, asked by check",
    args: ["check"],
    code: "TOPIC_MISSING",
    exitCode: 2,
    change: (content) => ({ ...content, province: unknownProvince }),
  },
  {
    name: "a nation that does not answer",
    args: ["load", "run"],
    code: "NATION_SILENT",
    exitCode: 1,
    change: changed("link", { welcomeSeconds: 1 }),
  },

  {
    name: "a private key that others can read",
    args: ["load", "run"],
    code: "KEY_FILE_INVALID",
    exitCode: 2,
    found: "open.key",
    change: changed("keys", { signing: { id: "k", privateKeyFile: "./keys/open.key" } }),
  },
  {
    name: "a key file that is missing",
    args: ["check"],
    code: "KEY_FILE_INVALID",
    exitCode: 2,
    found: "none.key",
    change: changed("keys", { signing: { id: "k", privateKeyFile: "./keys/none.key" } }),
  },
  {
    name: "a private key for a public one",
    args: ["check"],
    code: "KEY_FILE_INVALID",
    exitCode: 2,
    found: "nation.key",
    change: changed("keys", { nation: [{ id: "nation-1", publicKeyFile: "./keys/nation.key" }] }),
  },

  {
    name: "a mapping file with another header",
    args: ["map", "import", "sex", "FOLDER/header.csv", "--target", "gender"],
    code: "MAPPING_FILE_INVALID",
    exitCode: 2,
    found: "source_code",
  },
  {
    name: "a mapping to a code that does not exist",
    args: ["map", "import", "sex", "FOLDER/target.csv", "--target", "gender"],
    code: "MAPPING_FILE_INVALID",
    exitCode: 2,
    found: "99",
  },
  {
    name: "a mapping file that is missing",
    args: ["map", "import", "sex", "FOLDER/none.csv", "--target", "gender"],
    code: "FILE_UNREADABLE",
    exitCode: 2,
    found: "none.csv",
  },
  {
    name: "a table that no field uses",
    args: ["map", "import", "sex", "FOLDER/target.csv"],
    code: "USAGE_INVALID",
    exitCode: 2,
    found: "--target",
  },
  {
    name: "a mapping table that was not loaded",
    args: ["check"],
    code: "MAPPING_MISSING",
    exitCode: 2,
    found: "sex",
    change: field("student", "genderCode", { column: "gender_code", codes: "sex" }),
  },

  {
    name: "a load that never was",
    args: ["load", "status", "--run", "987654"],
    code: "LOAD_NOT_FOUND",
    exitCode: 2,
    found: "987654",
  },
  { name: "pausing what does not run", args: ["load", "pause"], code: "LOAD_NOT_FOUND", exitCode: 2 },
  {
    name: "a file of schools full of faults",
    args: ["national", "import", "schools", "FOLDER/schools.csv"],
    code: "SCHOOL_FILE_INVALID",
    exitCode: 2,
    found: "school_id",
    isNational: true,
  },
  {
    name: "a file of schools that is missing",
    args: ["national", "import", "schools", "FOLDER/none.csv"],
    code: "FILE_UNREADABLE",
    exitCode: 2,
    isNational: true,
  },
  {
    name: "a folder that has a node already",
    args: ["init", "--province", "34", "--folder", "FOLDER"],
    code: "FILE_EXISTS",
    exitCode: 2,
  },
  {
    name: "a key for an unknown option",
    args: ["load", "run", "--batch", "3"],
    code: "USAGE_INVALID",
    exitCode: 2,
    found: "--batch",
  },
];
