// How PBS reads what a request carries (facts: pbs-api section 1): a form with the query, or JSON and then no query.
import type { Schemas } from '../contract/contract.ts';
import { type Call, isJson, pairsOf } from '../front/call.ts';
import { badParameters, badRequest } from './refusal.ts';
import { checkJson, checkPairs, type Values } from './schema.ts';

type InPath = Readonly<Record<string, string>>;

export function checkedParameters(call: Call, inPath: InPath, schemas: Schemas): Values {
  if (call.oversized) throw badRequest('request body too large');
  const { values, problems } = isJson(call)
    ? checkJson({ ...jsonBody(call.body), ...inPath }, schemas)
    : checkPairs([...call.query, ...formBody(call), ...Object.entries(inPath)], schemas);
  if (problems.length > 0) throw badParameters(problems);
  return values;
}

function formBody(call: Call) {
  const type = call.headers['content-type'];
  if (type !== undefined && !/^application\/x-www-form-urlencoded\b/i.test(type))
    throw badRequest(`unsupported content type ${type}`);
  return pairsOf(call.body.toString('utf8'));
}

function jsonBody(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  const value = parsed(body.toString('utf8'));
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw badParameters([['', 'Expected object - got something else.']]);
  return { ...value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw badRequest(String(thrown instanceof Error ? thrown.message : thrown));
  }
}
