import { memoryFile, readCsv } from "shoal";

/** From a file that somebody chose to one to download: give the URL to `<a download="counted.csv">`. */
export async function countWords(chosen: File): Promise<string> {
  const counted = memoryFile("counted.csv");
  await readCsv<{ text: string }>(chosen).withColumn("words", (row) => row.text.split(" ").length).writeCsv(counted);
  return URL.createObjectURL(counted.toFile());
}
