import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createMysqlConnector } from "../../connectors/mysql/mysql-connector.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { type MariadbServer, startMariadb } from "../../embedded/mariadb-server.ts";
import { skipWithoutMariadb } from "../support/mysql-server.ts";
import { skip } from "../support/skip.ts";

const never = new AbortController().signal;

describe("the MySQL connector over TLS", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "duijie-mysql-tls-"));
  const file = (name: string) => join(folder, name);
  let server: MariadbServer | undefined;

  before(async function () {
    await skipWithoutMariadb(this);
    try {
      execFileSync("openssl", ["version"], { stdio: "ignore" });
    } catch {
      skip(this, "no openssl to make certificates with");
    }
    // The server runs as another user.
    chmodSync(folder, 0o755);
    authority("ca");
    authority("other");
    certificate("IP:127.0.0.1");
    server = await startServer();
  });
  after(async () => {
    await server?.stop();
    await removeDatabase(file("data"));
    rmSync(folder, { recursive: true, force: true });
  });

  function openssl(...args: readonly string[]): void {
    execFileSync("openssl", [...args], { cwd: folder, stdio: "ignore" });
  }

  function authority(name: string): void {
    const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`, "-out", `${name}.pem`];
    openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`);
  }

  /** The server's, for a name or an address and nothing else. */
  function certificate(subject: string): void {
    writeFileSync(file("names"), `subjectAltName=${subject}\n`);
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
      "-subj",
      "/CN=x",
    );
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem");
    chmodSync(file("server.key"), 0o644);
  }

  async function startServer(): Promise<MariadbServer> {
    const settings = {
      "ssl-ca": file("ca.pem"),
      "ssl-cert": file("server.pem"),
      "ssl-key": file("server.key"),
    };
    return await startMariadb({ dataFolder: file("data"), settings });
  }

  /** What the check finds of the server: null where it is as it should be. */
  async function refusal(ca: string | null): Promise<string | null> {
    const tls = ca === null ? true : { ca: readFileSync(file(ca), "utf8") };
    const limits = { connectTimeoutMs: 5_000, statementTimeoutMs: 20_000, concurrentReads: 1 };
    const connector = createMysqlConnector({ url: server?.adminUrl ?? "", charset: "auto", tls, ...limits });
    try {
      const [finding] = await connector.check([], never);
      return finding?.ok === true ? null : `${finding?.code} ${finding?.detail["reason"]}`;
    } finally {
      await connector.close();
    }
  }

  it("reads where authority and name of the certificate are right, and is refused where one is not", async () => {
    expect(await refusal("ca.pem")).to.equal(null);
    expect(await refusal("other.pem")).to.equal("SOURCE_REFUSED tls");
    expect(await refusal(null)).to.equal("SOURCE_REFUSED tls");
    await server?.stop();
    certificate("DNS:localhost");
    server = await startServer();
    expect(await refusal("ca.pem")).to.equal("SOURCE_REFUSED tls");
  });
});
