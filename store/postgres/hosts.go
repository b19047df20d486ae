package postgres

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/limpid-5g/limpid/store"
)

// Hosts are where the databases of a source listen on TCP, each a host and a port, in the order in which they are tried. The
// error is store.ErrInvalid and names no password.
func Hosts(source string) ([]string, error) {
	cfg, err := pgxpool.ParseConfig(source)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	var list []string
	add := func(host string, port uint16) {
		at := net.JoinHostPort(host, strconv.Itoa(int(port)))
		if !strings.HasPrefix(host, "/") && !slices.Contains(list, at) { // else a Unix socket
			list = append(list, at)
		}
	}
	add(cfg.ConnConfig.Host, cfg.ConnConfig.Port)
	for _, f := range cfg.ConnConfig.Fallbacks {
		add(f.Host, f.Port)
	}
	return list, nil
}
