package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ledger"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/lockdown"
	"github.com/limpid-5g/limpid/sbi"
)

// recordRequest is what the ledger is asked to take down. Who asks it knows from the kernel.
type recordRequest struct {
	Act    string `json:"act"`
	By     string `json:"by,omitempty"`
	Detail string `json:"detail,omitempty"`
}

type recordAnswer struct {
	Index int64 `json:"index"`
}

// recorder tells the ledger's process of acts.
type recorder struct{ client *control.Client }

func (r recorder) record(ctx context.Context, act recordRequest) error {
	if err := r.client.Call(ctx, "record", act, nil); err != nil {
		return fmt.Errorf("the ledger does not take it down: %w", err)
	}
	return nil
}

// operation takes an operator's act down before it is done.
func (r recorder) operation(ctx context.Context, act string, request any) error {
	return r.record(ctx, requestOf(ctx, act, request))
}

// requestOf is an operator's act as it is taken down.
func requestOf(ctx context.Context, act string, request any) recordRequest {
	out := recordRequest{Act: act}
	if who, ok := control.CallerOf(ctx); ok {
		out.By = fmt.Sprintf("user %d, process %d", who.UID, who.PID)
	}
	if d, ok := request.(interface{ Detail() string }); ok {
		out.Detail = d.Detail()
	} else if b, err := json.Marshal(request); err == nil && string(b) != "{}" {
		out.Detail = string(b)
	}
	return out
}

// ledgerConfig is all that the ledger's process is told.
type ledgerConfig struct {
	Name     string
	Folder   string
	Log      config.Log
	Lockdown string
	Users    config.Users
}

func ledgerText(cfg *config.Config) []byte {
	b, err := json.Marshal(ledgerConfig{cfg.Name, cfg.Ledger.Folder, cfg.Log, cfg.Lockdown, cfg.Processes.Users})
	if err != nil {
		panic(err) // words and numbers
	}
	return b
}

// ledger runs the process that alone can write the record.
func (p *process) ledger(ctx context.Context, errOut io.Writer) error {
	var c ledgerConfig
	if err := json.Unmarshal(p.text, &c); err != nil {
		return err
	}
	cfg := &config.Config{Name: c.Name, Log: c.Log, Lockdown: c.Lockdown, Ledger: config.Ledger{Folder: c.Folder}}
	p.log = newLogger(c.Log, errOut).With("process", p.name)
	l, err := openLedger(c.Folder, c.Name)
	if err != nil {
		return err
	}
	listener, err := net.FileListener(p.handed[core.HandedControl])
	if err != nil {
		return errors.Join(err, l.Close())
	}
	kept := &confinement{mode: lockdown.Mode(c.Lockdown), profile: ledgerProfile(cfg)}
	if err := kept.enter(p.log); err != nil {
		return errors.Join(err, l.Close())
	}
	p.ready()
	loader := os.Getppid()
	return errors.Join(serveLedger(ctx, listener, l, func(who control.Caller) string {
		switch {
		case who.UID == c.Users.ControlPlane:
			return processControl
		case who.UID == c.Users.UserPlane:
			return processUser
		case who.UID == 0 && int(who.PID) == loader:
			return processLoader
		case who.UID == 0:
			return "command"
		}
		return ""
	}, kept.operation, p.log), l.Close())
}

// serveLedger takes records until ctx ends. from names a caller; "" is nobody whose word is taken.
func serveLedger(ctx context.Context, listener net.Listener, l *ledger.Ledger, from func(control.Caller) string, more func(*control.Server), log *slog.Logger) error {
	s := control.NewServer(log)
	control.Register(s, "record", func(ctx context.Context, r recordRequest) (recordAnswer, error) {
		who, _ := control.CallerOf(ctx)
		name := from(who)
		if name == "" {
			return recordAnswer{}, sbi.Problem(http.StatusForbidden, sbi.CauseMandatoryIEIncorrect, "user %d has nothing to tell the ledger", who.UID)
		}
		if r.By == "" && name == "command" {
			r.By = fmt.Sprintf("user %d, process %d", who.UID, who.PID)
		}
		done, err := l.Append(ledger.Record{From: name, Act: r.Act, By: r.By, Detail: r.Detail})
		return recordAnswer{done.Index}, err
	})
	s.Before(func(ctx context.Context, name string, _ any) error {
		if who, _ := control.CallerOf(ctx); name != "record" && who.UID != uint32(os.Geteuid()) && who.UID != 0 {
			return sbi.Problem(http.StatusForbidden, sbi.CauseMandatoryIEIncorrect, "for root alone")
		}
		return nil
	})
	more(s)
	return s.Serve(ctx, listener)
}
