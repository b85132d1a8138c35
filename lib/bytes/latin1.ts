/** Strings of bytes: one character a byte, as header fields are carried. */

/** What Buffer has in Bun beside its types: conversion without an encoding to look up. */
interface Latin1 {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number): number;
}

/** The bytes `from` to `to` as a string. */
export function latin1Slice(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1).latin1Slice(from, to);
}

/** Writes a string at `at` and returns how many bytes were written; characters above 255 lose their high bits. */
export function latin1Write(bytes: Buffer, text: string, at: number): number {
  return (bytes as unknown as Latin1).latin1Write(text, at);
}

/** A Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
