import {
  Binary, BinaryView, Bool, Data, DataType, Date_, Decimal, Dictionary, Duration, Field, FixedSizeBinary, FixedSizeList, Float, Int, Interval, LargeBinary, LargeList, LargeUtf8, List,
  Map_, Null, Struct, Time, Timestamp, Type, Union, Utf8, Utf8View, Vector,
} from "apache-arrow";

const classes = new Map<Type, { readonly prototype: DataType }>([
  [Type.Binary, Binary], [Type.BinaryView, BinaryView], [Type.Bool, Bool], [Type.Date, Date_], [Type.Decimal, Decimal], [Type.Dictionary, Dictionary], [Type.Duration, Duration],
  [Type.FixedSizeBinary, FixedSizeBinary], [Type.FixedSizeList, FixedSizeList], [Type.Float, Float], [Type.Int, Int], [Type.Interval, Interval], [Type.LargeBinary, LargeBinary],
  [Type.LargeList, LargeList], [Type.LargeUtf8, LargeUtf8], [Type.List, List], [Type.Map, Map_], [Type.Null, Null], [Type.Struct, Struct], [Type.Time, Time],
  [Type.Timestamp, Timestamp], [Type.Union, Union], [Type.Utf8, Utf8], [Type.Utf8View, Utf8View],
]);

/**
 * A vector of the user's copy of Apache Arrow as one of ours; its memory is shared. The library knows tables and vectors of other copies, but not their types, which
 * it tells apart by class: such a vector could be read, and not written.
 */
export function ownVector(vector: Vector): Vector {
  return vector.type instanceof DataType ? vector : new Vector(vector.data.map(ownData));
}

function ownData(data: Data): Data {
  const { offset, length, nullCount, children, dictionary } = data;
  return new Data(ownType(data.type as DataType), offset, length, nullCount, data, children.map(ownData), dictionary && ownVector(dictionary));
}

function ownType(type: DataType): DataType {
  const known = classes.get(type.typeId);
  if (known === undefined) return type;
  const parts: { children?: readonly Field[]; dictionary?: DataType; indices?: DataType } = type as object;
  return Object.assign(Object.create(known.prototype) as DataType, type, {
    ...(parts.children && { children: parts.children.map((field) => new Field(field.name, ownType(field.type as DataType), field.nullable, field.metadata)) }),
    ...(parts.dictionary && { dictionary: ownType(parts.dictionary) }),
    ...(parts.indices && { indices: ownType(parts.indices) }),
  });
}
