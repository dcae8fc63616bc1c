/** What a file chooser offers for configurations (V6). */
export const FILE_TYPES = ".toml,.conf,.txt";

const ENDINGS = /\.(toml|conf|txt)$/i;
const MAX_BYTES = 1024 * 1024;

export type ConfigurationFile = {
  /** The file's name without its ending: what the configuration may be called. */
  name: string;
  text: string;
};

/** Read a configuration from a file (V6). Rejects with a sentence that says why it cannot be one. */
export async function readConfigurationFile(file: File): Promise<ConfigurationFile> {
  if (!ENDINGS.test(file.name)) throw new Error("A configuration is a file that ends in .toml, .conf or .txt.");
  if (file.size > MAX_BYTES) throw new Error("A configuration has at most 1 MiB.");
  const text = decoded(await file.arrayBuffer());
  if (text.includes("\0")) throw new Error("It holds a NUL character, so it is no text.");
  return { name: file.name.replace(ENDINGS, "").trim().slice(0, 100), text };
}

/** A file that somebody gave: what it holds, or why it cannot be a configuration. */
export type GivenFile = { fileName: string; taken: ConfigurationFile | null; problem: unknown };

/** Read several files, in their order. Never rejects. */
export function readConfigurationFiles(files: File[]): Promise<GivenFile[]> {
  return Promise.all(
    files.map((file) =>
      readConfigurationFile(file).then(
        (taken) => ({ fileName: file.name, taken, problem: null }),
        (problem: unknown) => ({ fileName: file.name, taken: null, problem }),
      ),
    ),
  );
}

function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const [first, second] = new Uint8Array(bytes);
    const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    throw new Error(utf16 ? "It is text in UTF-16; save it as UTF-8." : "It is no text in UTF-8.");
  }
}

let handedOver: ConfigurationFile | null = null;

/** Hand a file to the page for new configurations. Its text may hold secrets, so it is kept in memory alone. */
export function handOver(file: ConfigurationFile): void {
  handedOver = file;
}

/** The file that was handed over; null when there is none. */
export function handedOverFile(): ConfigurationFile | null {
  return handedOver;
}

export function forgetHandedOver(): void {
  handedOver = null;
}
