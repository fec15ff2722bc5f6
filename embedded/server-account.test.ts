import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../contracts/errors.ts";
import { makeOpenFolder, reachableFolder, serverAccount } from "./server-account.ts";

describe("the account of a server", () => {
  const folder = mkdtempSync(join(tmpdir(), "duijie-account-"));
  const passwd = join(folder, "passwd");
  const account = { uid: 65_534, gid: 65_534 };

  before(() => chmodSync(folder, 0o755));
  after(() => rmSync(folder, { recursive: true }));

  it("is the user's own unless that is root", () => {
    writeFileSync(passwd, "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n");
    expect(serverAccount(passwd, 1000)).to.equal(undefined);
    expect(serverAccount(passwd, 0)).to.deep.equal(account);
  });

  it("is postgres where there is one", () => {
    writeFileSync(passwd, "nobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/bash\n");
    expect(serverAccount(passwd, 0)).to.deep.equal({ uid: 101, gid: 104 });
  });

  it("is refused where there is nobody but root", () => {
    writeFileSync(passwd, "root:x:0:0::/:/bin/bash\nnobody:x:0:0::/:/bin/bash\n");
    expect(() => serverAccount(passwd, 0))
      .to.throw(DuijieError)
      .with.property("code", "SETUP_FAILED");
  });

  it("keeps its files in the wanted place where it can reach that, else always in one other place", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    expect(reachableFolder(join(folder, "open", "data"), account)).to.equal(join(folder, "open", "data"));
    const other = reachableFolder(join(closed, "below", "data"), account);
    expect(other).to.match(/^\/var\/lib\/duijie\/data-[0-9a-f]{12}$/);
    expect(reachableFolder(join(closed, "below", "..", "below", "data"), account)).to.equal(other);
    expect(reachableFolder(join(closed, "other", "data"), account)).not.to.equal(other);
    expect(reachableFolder(join(closed, "below", "data"), undefined)).to.equal(join(closed, "below", "data"));
  });

  it("can enter folders that were made for it, whatever the umask", () => {
    const umask = process.umask(0o077);
    try {
      makeOpenFolder(join(folder, "a", "b"));
    } finally {
      process.umask(umask);
    }
    expect(statSync(join(folder, "a")).mode & 0o777).to.equal(0o755);
    expect(statSync(join(folder, "a", "b")).mode & 0o777).to.equal(0o755);
  });
});
