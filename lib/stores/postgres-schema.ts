// The tables and functions of a PostgreSQL store, how they are made, and their version.
//
//     scopes   name → id (never used again), count of its atoms, count up to which deletes are forgotten
//     versions scope, name → value
//     rows     scope, key → count of the atom that wrote it, value
//     deletes  scope, key or prefix → count of the atom that deleted it
//     atoms    the ids that were applied, with the time
//
// An atom is one call of a function, and so one round trip and one transaction.
import { rememberedDeletes } from './slices'

/** Of tables and functions; a store up to this version is read. */
export const version = 1

/**
 * Dead rows hold ciphertext of what was deleted: they go soon, and at once where an update fits beside them. Nor does
 * ANALYZE copy values into the statistics of the planner, where they would outlive their rows.
 */
const storage = `WITH (fillfactor = 70, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0)`
const storageOfValues = storage.replace(/\)$/, `, toast.autovacuum_vacuum_threshold = 200,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_cost_delay = 0)`)

const tables = (schema: string): string => `
CREATE TABLE ${schema}.store (version int NOT NULL);
CREATE TABLE ${schema}.scopes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name bytea NOT NULL UNIQUE,
  count bigint NOT NULL DEFAULT 0, deletes bigint NOT NULL DEFAULT 0, forgotten bigint NOT NULL DEFAULT 0) ${storage};
CREATE TABLE ${schema}.versions (scope bigint, name text, value bigint NOT NULL, PRIMARY KEY (scope, name)) ${storage};
CREATE TABLE ${schema}.rows (scope bigint, key bytea, count bigint NOT NULL, value bytea NOT NULL, PRIMARY KEY (scope, key))
  ${storageOfValues};
ALTER TABLE ${schema}.rows ALTER value SET STORAGE EXTERNAL, ALTER value SET STATISTICS 0;
CREATE TABLE ${schema}.deletes (scope bigint, key bytea, prefix boolean, count bigint NOT NULL, PRIMARY KEY (scope, key, prefix))
  ${storage};
CREATE TABLE ${schema}.atoms (id bytea PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()) ${storage};
CREATE INDEX ON ${schema}.atoms USING brin (at);
INSERT INTO ${schema}.store VALUES (${version});
`

/**
 * Plans are made once and must not depend on how small the tables were then: every look-up goes by an index. The
 * functions find their tables in the store's schema, whatever the caller's search_path.
 */
const settings = (schema: string): string => `LANGUAGE plpgsql
  SET search_path = ${schema}, pg_temp SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off`

/**
 * apply takes atoms that have no scope in common. Lists with the prefix p are of parts, e of expected versions, a of
 * versions that advance, d of deleted ranges of keys, r of rows; …_part says of which part, counted from 1, and
 * p_writes which of them do more than expect. It gives a number for each atom: 0 applied, now or before, 1 a version is
 * not as expected; and behind these for each part the life and the count of its scope.
 *
 * Scopes are made and then locked in the order of their names, so that no two transactions wait for each other; all
 * reading comes after that. An atom that is sent again, because its answer was lost, waits for the first here and then
 * finds its id.
 */
const apply = (schema: string): string => `
CREATE FUNCTION ${schema}.apply(ids bytea[], p_atom int[], p_scope bytea[], p_writes boolean[],
  e_part int[], e_name text[], e_value bigint[], a_part int[], a_name text[], a_step bigint[],
  d_part int[], d_from bytea[], d_to bytea[], d_prefix boolean[], r_part int[], r_key bytea[], r_value bytea[])
RETURNS bigint[] ${settings(schema)} AS $function$
#variable_conflict use_column
DECLARE
  lives bigint[]; counts bigint[]; done int[]; failed int[]; good boolean[];
BEGIN
  -- Whatever the session says: the promise of an atom is that it survives a crash.
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  LOOP
    INSERT INTO scopes (name) SELECT p.name FROM unnest(p_scope, p_writes) p(name, writes)
      WHERE p.writes AND NOT EXISTS (SELECT FROM scopes s WHERE s.name = p.name) ORDER BY p.name ON CONFLICT DO NOTHING;
    PERFORM FROM scopes WHERE name = ANY (p_scope) ORDER BY name FOR UPDATE;
    EXIT WHEN NOT EXISTS (SELECT FROM unnest(p_scope, p_writes) p(name, writes)  -- or one was deleted in between
      WHERE p.writes AND NOT EXISTS (SELECT FROM scopes s WHERE s.name = p.name));
  END LOOP;
  SELECT array_agg(s.id ORDER BY p.n), array_agg(s.count + p.writes::int ORDER BY p.n) INTO lives, counts
    FROM unnest(p_scope, p_writes) WITH ORDINALITY p(name, writes, n) LEFT JOIN scopes s ON s.name = p.name;
  SELECT coalesce(array_agg(i.n), '{}') INTO done
    FROM unnest(ids) WITH ORDINALITY i(id, n) JOIN atoms a ON a.id = i.id;
  SELECT coalesce(array_agg(p_atom[e.part]), '{}') INTO failed
    FROM unnest(e_part, e_name, e_value) e(part, name, value)
    LEFT JOIN versions v ON v.scope = lives[e.part] AND v.name = e.name
    WHERE coalesce(v.value, 0) <> e.value AND p_atom[e.part] <> ALL (done);
  SELECT array_agg(p.atom <> ALL (done) AND p.atom <> ALL (failed) ORDER BY p.n) INTO good
    FROM unnest(p_atom) WITH ORDINALITY p(atom, n);

  IF cardinality(d_part) > 0 THEN
    DELETE FROM rows r USING unnest(d_part, d_from, d_to) d(part, start, stop)
      WHERE good[d.part] AND r.scope = lives[d.part] AND r.key >= d.start AND r.key < d.stop;
    INSERT INTO deletes (scope, key, prefix, count)
      SELECT lives[d.part], d.key, d.prefix, counts[d.part] FROM unnest(d_part, d_from, d_prefix) d(part, key, prefix)
      WHERE good[d.part]
      ON CONFLICT (scope, key, prefix) DO UPDATE SET count = excluded.count;
  END IF;
  INSERT INTO rows (scope, key, count, value)
    SELECT lives[r.part], r.key, counts[r.part], r.value FROM unnest(r_part, r_key, r_value) r(part, key, value)
    WHERE good[r.part]
    ON CONFLICT (scope, key) DO UPDATE SET count = excluded.count, value = excluded.value;
  INSERT INTO versions AS v (scope, name, value)
    SELECT lives[a.part], a.name, a.step FROM unnest(a_part, a_name, a_step) a(part, name, step) WHERE good[a.part]
    ON CONFLICT (scope, name) DO UPDATE SET value = v.value + excluded.value;
  UPDATE scopes s SET count = p.count, deletes = s.deletes + (SELECT count(*) FROM unnest(d_part) d(part) WHERE d.part = p.n)
    FROM unnest(lives, counts, good, p_writes) WITH ORDINALITY p(id, count, good, writes, n) WHERE s.id = p.id AND p.good AND p.writes;
  IF cardinality(d_part) > 0 THEN PERFORM forget(s.id) FROM scopes s WHERE s.id = ANY (lives) AND s.deletes > ${rememberedDeletes}; END IF;
  INSERT INTO atoms (id) SELECT i.id FROM unnest(ids) WITH ORDINALITY i(id, n) WHERE i.n <> ALL (done) AND i.n <> ALL (failed);
  IF cardinality(failed || done) > 0 THEN DELETE FROM scopes WHERE name = ANY (p_scope) AND count = 0; END IF;
  IF cardinality(d_part) > 0 THEN PERFORM let_go(lives[d.part]) FROM (SELECT DISTINCT part FROM unnest(d_part) u(part)) d WHERE good[d.part]; END IF;
  RETURN ARRAY(SELECT (i.n = ANY (failed))::int::bigint FROM generate_series(1, cardinality(ids)) i(n) ORDER BY i.n)
    || ARRAY(SELECT unnest(ARRAY[coalesce(p.id, 0), coalesce(CASE WHEN p.good THEN p.count ELSE p.count - p.writes::int END, 0)])
      FROM unnest(lives, counts, good, p_writes) WITH ORDINALITY p(id, count, good, writes, n) ORDER BY p.n);
END $function$;
`

/** forget lets half of what a scope remembers of its deletes go, or all where one atom deleted that much. */
const forget = (schema: string): string => `
CREATE FUNCTION ${schema}.forget(life bigint) RETURNS void ${settings(schema)} AS $function$
DECLARE half bigint;
BEGIN
  SELECT d.count INTO half FROM deletes d WHERE d.scope = life ORDER BY d.count DESC OFFSET ${rememberedDeletes / 2} LIMIT 1;
  DELETE FROM deletes d WHERE d.scope = life AND d.count <= half;
  UPDATE scopes s SET deletes = (SELECT count(*) FROM deletes d WHERE d.scope = life),
    forgotten = greatest(s.forgotten, coalesce(half, 0)) WHERE s.id = life;
END $function$;
`

/** let_go ends a scope that has neither rows nor versions. */
const letGo = (schema: string): string => `
CREATE FUNCTION ${schema}.let_go(life bigint) RETURNS void ${settings(schema)} AS $function$
BEGIN
  IF EXISTS (SELECT FROM rows r WHERE r.scope = life) OR EXISTS (SELECT FROM versions v WHERE v.scope = life) THEN RETURN; END IF;
  DELETE FROM deletes d WHERE d.scope = life;
  DELETE FROM scopes s WHERE s.id = life;
END $function$;
`

const drop = (schema: string): string => `
CREATE FUNCTION ${schema}.drop_scope(which bytea) RETURNS void ${settings(schema)} AS $function$
DECLARE life bigint;
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  SELECT id INTO life FROM scopes WHERE name = which FOR UPDATE;
  DELETE FROM rows WHERE scope = life;
  DELETE FROM deletes WHERE scope = life;
  DELETE FROM versions WHERE scope = life;
  DELETE FROM scopes WHERE id = life;
END $function$;
`

/** creation makes everything in a schema, whose name is quoted. */
export const creation = (schema: string): string =>
  `CREATE SCHEMA IF NOT EXISTS ${schema};` + tables(schema) + forget(schema) + letGo(schema) + apply(schema) + drop(schema)
