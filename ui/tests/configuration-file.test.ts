import { describe, expect, it } from "vitest";

import { readConfigurationFile } from "@/features/configs/files";

const file = (name: string, ...parts: BlobPart[]) => new File(parts, name);

describe("a configuration from a file (V6)", () => {
  it("is called like the file and says what it says", async () => {
    expect(await readConfigurationFile(file("linux-base.TOML", "a = 1\r\n# ü\n"))).toEqual({ name: "linux-base", text: "a = 1\r\n# ü\n" });
    expect((await readConfigurationFile(file("telegraf.d.conf", ""))).name).toBe("telegraf.d");
  });

  it("does not begin with a byte-order mark", async () => {
    expect((await readConfigurationFile(file("a.txt", new Uint8Array([0xef, 0xbb, 0xbf, 0x61])))).text).toBe("a");
  });

  it.each([
    ["another ending", file("telegraf.exe", "a"), ".toml, .conf or .txt"],
    ["too much", file("a.toml", "x".repeat(1024 * 1024 + 1)), "1 MiB"],
    ["Latin-1", file("a.toml", new Uint8Array([0xfc])), "UTF-8"],
    ["UTF-16", file("a.toml", new Uint8Array([0xff, 0xfe, 0x61, 0x00])), "UTF-16"],
    ["no text", file("a.toml", "a\0b"), "NUL"],
  ])("is refused with the reason: %s", async (_, wrong, reason) => {
    await expect(readConfigurationFile(wrong)).rejects.toThrow(reason);
  });

  it("may have exactly 1 MiB", async () => {
    expect((await readConfigurationFile(file("a.toml", "x".repeat(1024 * 1024)))).text.length).toBe(1024 * 1024);
  });
});
