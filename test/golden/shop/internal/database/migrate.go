package database

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Each file of schema/ is applied once, in the order of the names. To change the schema, add a file;
// one that was applied somewhere is history.
//
//go:embed schema/*.sql
var schema embed.FS

// migrationLock is the number by which programs that migrate this database wait for each other.
const migrationLock = 0x676f2d737265

// Migrate brings the schema up to date and writes what it did to report, a line a file. It does all of it or nothing:
// everything is one transaction, and of several programs that migrate at the same time all but one wait for it.
func Migrate(ctx context.Context, server *pgxpool.Config, report io.Writer) error {
	conn, err := pgx.ConnectConfig(ctx, server.ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var applied []string
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		applied, err = migrate(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("nothing was migrated: %w", err)
	}
	for _, name := range applied {
		fmt.Fprintln(report, "applied", name)
	}
	if len(applied) == 0 {
		fmt.Fprintln(report, "the schema is up to date")
	}
	return nil
}

// migrate applies the files that are missing and tells their names.
func migrate(ctx context.Context, tx pgx.Tx) ([]string, error) {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", migrationLock); err != nil {
		return nil, err
	}
	const history = "create table if not exists schema_migrations (name text primary key, applied timestamptz not null default now())"
	if _, err := tx.Exec(ctx, history); err != nil {
		return nil, err
	}
	files, err := fs.Glob(schema, "schema/*.sql") // sorted by name
	if err != nil {
		return nil, err
	}
	var applied []string
	for _, file := range files {
		tag, err := tx.Exec(ctx, "insert into schema_migrations (name) values ($1) on conflict do nothing", file)
		if err != nil {
			return nil, err
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		sql, err := schema.ReadFile(file)
		if err != nil {
			return nil, err
		}
		// The simple protocol takes several statements at once.
		if _, err := tx.Exec(ctx, string(sql), pgx.QueryExecModeSimpleProtocol); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		applied = append(applied, file)
	}
	return applied, nil
}
