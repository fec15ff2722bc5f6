import { expect } from "chai";
import { RowFlow } from "./row-flow.ts";

describe("rows from the driver", () => {
  function flowOf(pageRows: number) {
    const said: string[] = [];
    return {
      said,
      flow: new RowFlow(
        pageRows,
        () => said.push("pause"),
        () => said.push("resume"),
      ),
    };
  }
  const row = [Buffer.from("a")];

  it("are held back while a full page waits to be taken", async () => {
    const { flow, said } = flowOf(2);
    const page = flow.next();
    flow.push(row);
    expect(said).to.deep.equal(["resume"]);
    flow.push(row);
    expect(said).to.deep.equal(["resume", "pause"]);
    expect(await page).to.have.length(2);
    expect(said).to.deep.equal(["resume", "pause"]);
  });

  it("end with a page that is not full, and then with none", async () => {
    const { flow } = flowOf(2);
    flow.push(row);
    flow.finish();
    expect(await flow.next()).to.have.length(1);
    expect(await flow.next()).to.equal(null);
  });

  it("break off at once where the connection does, also while somebody waits", async () => {
    const { flow } = flowOf(2);
    flow.push(row);
    const waiting = flow.next().then(
      () => "a page",
      (error: unknown) => error,
    );
    const lost = new Error("lost");
    flow.fail(lost);
    flow.fail(new Error("later"));
    expect(await waiting).to.equal(lost);
  });
});
