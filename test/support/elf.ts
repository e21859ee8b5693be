// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

/** What the dynamic linker sees of a 64-bit little-endian ELF file. */
export interface ElfFacts {
  /** Names of the symbols that the file defines for others. */
  exported: string[];
  /** Version names that it asks of its libraries, such as `GLIBC_2.34`. */
  versions: string[];
  /** Libraries that are loaded with it. */
  needed: string[];
  /** True if `dlclose` leaves it in memory. */
  noDelete: boolean;
}

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
  info: number;
}

const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DT_NEEDED = 1n;
const DT_FLAGS_1 = 0x6ffffffbn;
const DF_1_NODELETE = 8n;

function readSections(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(0x28));
  const entrySize = file.readUInt16LE(0x3a);
  return Array.from({ length: file.readUInt16LE(0x3c) }, (_, i) => {
    const at = start + i * entrySize;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      info: file.readUInt32LE(at + 44),
    };
  });
}

function readExported(file: Buffer, symbols: Section, name: (at: number) => string): string[] {
  const exported: string[] = [];
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += 24) {
    const isLocal = file.readUInt8(at + 4) >> 4 === 0;
    const isUndefined = file.readUInt16LE(at + 6) === 0;
    if (!isLocal && !isUndefined) exported.push(name(file.readUInt32LE(at)));
  }
  return exported.sort();
}

function readVersions(file: Buffer, section: Section, name: (at: number) => string): string[] {
  const versions: string[] = [];
  for (let library = 0, at = section.offset; library < section.info; library++) {
    let entry = at + file.readUInt32LE(at + 8);
    for (let i = 0; i < file.readUInt16LE(at + 2); i++) {
      versions.push(name(file.readUInt32LE(entry + 8)));
      entry += file.readUInt32LE(entry + 12);
    }
    at += file.readUInt32LE(at + 12);
  }
  return versions.sort();
}

/** Reads the tables of an ELF file's dynamic section; throws on any other format. */
export function readElf(path: string): ElfFacts {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error(`${path} is not a 64-bit ELF file`);
  const sections = readSections(file);
  const find = (type: number) => sections.find((section) => section.type === type);
  const symbols = find(SHT_DYNSYM);
  const dynamic = find(SHT_DYNAMIC);
  if (!symbols || !dynamic) throw new Error(`${path} has no dynamic section`);
  const strings = sections[symbols.link]?.offset ?? 0;
  const name = (at: number) => file.toString('latin1', strings + at, file.indexOf(0, strings + at));

  const needed: string[] = [];
  let noDelete = false;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const [tag, value] = [file.readBigInt64LE(at), file.readBigUInt64LE(at + 8)];
    if (tag === DT_NEEDED) needed.push(name(Number(value)));
    if (tag === DT_FLAGS_1) noDelete = (value & DF_1_NODELETE) !== 0n;
  }
  const versions = find(SHT_GNU_VERNEED);
  return {
    exported: readExported(file, symbols, name),
    versions: versions ? readVersions(file, versions, name) : [],
    needed,
    noDelete,
  };
}
