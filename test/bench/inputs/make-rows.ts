import { Transformer } from "@napi-rs/image";
import { normal, random, shuffle } from "./random.ts";

const words = (
  "the a this that it was is and but not very really i we they loved liked hated enjoyed found thought felt film movie food place phone book story acting service " +
  "sound battery screen waiter dish taste room price quality ending music character scene plot good great wonderful excellent terrible awful boring bad poor fresh " +
  "cold slow quick kind rude cheap lovely funny dull warm friendly never always again would will not can only just more most with without for from of in on at to " +
  "after before because when while every other some any one two first last time day night week people friend family minute hour table order bought works broke"
).split(" ");

/** Sentences of natural length (a long tail), each twenty times over, shuffled: as many as asked for, from a fixed seed. */
export function sentences(rows: number): string[] {
  const next = random(1);
  const draw = normal(next);
  const sentence = (): string => {
    const length = Math.min(80, Math.max(2, Math.round(Math.exp(2.35 + 0.6 * draw()))));
    // Frequent words are frequent, as in a language.
    return `${Array.from({ length }, () => words[Math.floor(words.length * next() ** 2)] as string).join(" ")}.`;
  };
  const distinct = Array.from({ length: Math.ceil(rows / 20) }, sentence);
  return shuffle(Array.from({ length: rows }, (_, at) => distinct[at % distinct.length] as string), next);
}

/** A JPEG of smooth colours with some noise, as a photograph has them. */
export function jpeg(seed: number, width: number, height: number): Uint8Array {
  const next = random(seed);
  const waves = Array.from({ length: 9 }, () => ({ x: next() * 6, y: next() * 6, phase: next() * 6 }));
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let value = 128 + 20 * (next() - 0.5);
        for (const wave of waves.slice(channel * 3, channel * 3 + 3)) value += 40 * Math.sin((wave.x * x) / width + (wave.y * y) / height + wave.phase);
        pixels[(y * width + x) * 4 + channel] = value;
      }
    }
  }
  return Transformer.fromRgbaPixels(new Uint8Array(pixels.buffer), width, height).jpegSync(90);
}
