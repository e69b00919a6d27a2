/** Scans JSON to find what Go's encoding/json would complain about. Only for text that does not parse. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string | undefined {
    try {
      this.#value("looking for beginning of value");
      this.#space();
      if (this.#at < this.#text.length) this.#fail("after top-level value");
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Complaint) return thrown.message;
      throw thrown;
    }
  }

  #fail(context: string): never {
    const char = this.#text[this.#at];
    if (char === undefined) throw new Complaint("unexpected end of JSON input");
    throw new Complaint(`invalid character ${quoted(char)} ${context}`);
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #value(context: string): void {
    this.#space();
    const char = this.#text[this.#at];
    if (char === "{") this.#object();
    else if (char === "[") this.#array();
    else if (char === '"') this.#string();
    else if (char !== undefined && /[-0-9]/.test(char)) this.#number();
    else if (char === "t") this.#literal("true");
    else if (char === "f") this.#literal("false");
    else if (char === "n") this.#literal("null");
    else this.#fail(context);
  }

  #object(): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") return void this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail("looking for beginning of object key string");
      this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") this.#fail("after object key");
      this.#at++;
      this.#value("looking for beginning of value");
      this.#space();
      if (this.#text[this.#at] === "}") return void this.#at++;
      if (this.#text[this.#at] !== ",") this.#fail("after object key:value pair");
      this.#at++;
    }
  }

  #array(): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") return void this.#at++;
    for (;;) {
      this.#value("looking for beginning of value");
      this.#space();
      if (this.#text[this.#at] === "]") return void this.#at++;
      if (this.#text[this.#at] !== ",") this.#fail("after array element");
      this.#at++;
    }
  }

  #string(): void {
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) {
      const char = this.#text[this.#at] ?? "";
      if (char < " ") this.#fail("in string literal");
      if (char !== "\\") continue;
      this.#at++;
      if (!/["\\/bfnrtu]/.test(this.#text[this.#at] ?? "")) this.#fail("in string escape code");
    }
    this.#at++;
  }

  #number(): void {
    const rest = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/.exec(this.#text.slice(this.#at, this.#at + 400));
    if (rest === null) {
      this.#at++;
      this.#fail("in numeric literal");
    }
    this.#at += rest[0].length;
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++, this.#at++) {
      if (this.#text[this.#at] !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i]}')`);
    }
  }
}

class Complaint extends Error {}

function quoted(char: string): string {
  return char === "'" ? String.raw`'\''` : char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
}

/** What Go's encoding/json says about malformed `text`, because clients and people know those messages. */
export function goJsonError(text: string): string {
  return new Scanner(text).run() ?? "invalid JSON";
}
