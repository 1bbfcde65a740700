/** What Shoal's packages use of Apache Arrow beside this one: from here, so that a process loads it once. */
export {
  CompressionType, compressionRegistry, makeVector, RecordBatchFileWriter, RecordBatchReader, RecordBatchStreamWriter, Schema, Table, tableToIPC, Type,
  type AsyncRecordBatchFileReader, type AsyncRecordBatchStreamReader, type Data, type DataType, type Decimal, type Field, type RecordBatch, type Vector,
} from "apache-arrow";
