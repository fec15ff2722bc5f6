import { expect } from "chai";
import fc from "fast-check";
import {
  birthDateOf,
  checkCharacter,
  fromFifteen,
  genderOf,
  hasCitizenIdForm,
  hasRightCheck,
} from "./citizen-id.ts";

/** The two numbers that the standard itself prints, and invented ones. */
const examples = [
  "11010519491231002X",
  "440524188001010014",
  "34052419800101001X",
  "370101190102039973",
  "520103201205170036",
  "110105200808080015",
  "110105200808080023",
  "810000201006010237",
  "820000201006010239",
  "830000201006010230",
];

const seventeenDigits = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 17, maxLength: 17 })
  .map((d) => d.join(""));
const valid = seventeenDigits.map((digits) => digits + checkCharacter(digits));

describe("the citizen ID", () => {
  for (const [at, id] of examples.entries()) {
    it(`accepts example ${at + 1} and no other check character for it`, () => {
      expect(hasCitizenIdForm(id)).to.equal(true);
      const accepted = Array.from("0123456789X").filter((check) => hasRightCheck(id.slice(0, 17) + check));
      expect(accepted).to.deep.equal([id.charAt(17)]);
    });
  }

  it("gives a sum of powers of two that is 1 mod 11, which is how the standard states it", () => {
    fc.assert(
      fc.property(valid, (id) => {
        const sum = Array.from(id).reduce(
          (total, c, at) => total + (c === "X" ? 10 : Number(c)) * 2 ** (17 - at),
          0,
        );
        expect(sum % 11).to.equal(1);
      }),
    );
  });

  it("catches every single wrong character", () => {
    fc.assert(
      fc.property(valid, fc.nat(17), fc.integer({ min: 1, max: 10 }), (id, at, shift) => {
        const alphabet = at === 17 ? "0123456789X" : "0123456789";
        const other = alphabet.charAt((alphabet.indexOf(id.charAt(at)) + shift) % alphabet.length);
        fc.pre(other !== id.charAt(at));
        expect(hasRightCheck(id.slice(0, at) + other + id.slice(at + 1))).to.equal(false);
      }),
    );
  });

  it("catches every swap of two neighbours that differ", () => {
    fc.assert(
      fc.property(valid, fc.nat(16), (id, at) => {
        const swapped = id.slice(0, at) + id.charAt(at + 1) + id.charAt(at) + id.slice(at + 2);
        fc.pre(swapped !== id && hasCitizenIdForm(swapped));
        expect(hasRightCheck(swapped)).to.equal(false);
      }),
    );
  });

  it("catches all 153 wrong digits and all 14 swaps of the standard's first example", () => {
    const id = "11010519491231002X";
    let wrong = 0;
    let swaps = 0;
    for (let at = 0; at < 17; at += 1) {
      for (const digit of "0123456789") {
        if (digit !== id.charAt(at))
          wrong += Number(!hasRightCheck(id.slice(0, at) + digit + id.slice(at + 1)));
      }
      const [left, right] = [id.charAt(at), id.charAt(at + 1)];
      if (left !== right && right !== "X")
        swaps += Number(!hasRightCheck(id.slice(0, at) + right + left + id.slice(at + 2)));
    }
    expect({ wrong, swaps }).to.deep.equal({ wrong: 153, swaps: 14 });
  });

  it("does not take a lower-case x, full-width digits, or another length", () => {
    for (const id of [
      "11010519491231002x",
      "１１０１０５１９４９１２３１００２X",
      "110105194912310021X",
      "110105491231002",
    ]) {
      expect(hasCitizenIdForm(id), id).to.equal(false);
    }
  });

  it("states birth date and gender", () => {
    expect(birthDateOf("520103201205170036")).to.equal("20120517");
    expect(genderOf("520103201205170036")).to.equal("1");
    expect(genderOf("110105200808080023")).to.equal("2");
  });

  it("makes eighteen characters of fifteen", () => {
    expect(fromFifteen("130503670401001")).to.equal("130503196704010016");
    expect(fromFifteen("130503671301001")).to.equal(null);
    expect(fromFifteen("13050367040100")).to.equal(null);
    expect(fromFifteen("130503196704010016")).to.equal(null);
  });
});
