// One question or record as a line of dig's output.
import { classNumber, formatName, formatTtlUnits, typeNumber } from '../../dns/index.ts'
import type { Question, ResourceRecord } from '../../dns/index.ts'
import { formatDigRData } from './format-rdata.ts'
import { addField, columnsFor, startLine } from './layout.ts'
import type { Settings } from './settings.ts'

/** A question behind a semicolon. */
export function formatDigQuestion(question: Question, settings: Settings): string {
  const columns = columnsFor(settings)
  const line = startLine(formatName(question.name), ';')
  addField(line, columns.class, classText(question.class, settings))
  addField(line, columns.type, typeText(question.type, settings))
  return line.text
}

/** A record; several lines with `+multiline`. */
export function formatDigRecord(record: ResourceRecord, settings: Settings): string {
  const columns = columnsFor(settings)
  const line = startLine(formatName(record.name))
  if (settings.showTtl) addField(line, columns.ttl, settings.ttlUnits ? formatTtlUnits(record.ttl) : String(record.ttl))
  if (settings.showClass) addField(line, columns.class, classText(record.class, settings))
  addField(line, columns.type, typeText(record.type, settings))
  const rdata = formatDigRData(record, settings)
  if (rdata !== '') addField(line, columns.rdata, rdata)
  return line.text
}

/** A record with single spaces between its fields, for YAML. */
export function formatPlainRecord(record: ResourceRecord, settings: Settings): string {
  const { name, ttl, class: rrclass, type } = record
  return `${formatName(name)} ${ttl} ${rrclass} ${type} ${formatDigRData(record, settings)}`.trimEnd()
}

function classText(rrclass: string, { unknownFormat }: Settings): string {
  return unknownFormat ? `CLASS${classNumber(rrclass) ?? rrclass}` : rrclass
}

function typeText(type: string, { unknownFormat }: Settings): string {
  return unknownFormat ? `TYPE${typeNumber(type) ?? type}` : type
}
