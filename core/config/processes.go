package config

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Processes is how a core is divided. In one process everything gives up its rights together. Separate, a loader opens what
// takes privileges and hands descriptors to the control plane, the user plane and the ledger: processes of users of their own.
type Processes struct {
	Separate bool  `yaml:"separate"`
	Users    Users `yaml:"users"`
}

// Users are the numbers of the users that the processes run as: nobody else's, and no two alike.
type Users struct {
	ControlPlane uint32 `yaml:"control_plane"`
	UserPlane    uint32 `yaml:"user_plane"`
	Ledger       uint32 `yaml:"ledger"`
}

// Ledger is the append-only record of sensitive acts.
type Ledger struct {
	// Folder is where it is kept; left out: none, and beside the folder of the store where processes are separate.
	Folder string `yaml:"folder"`
}

// deriveProcesses fills what separate processes leave out: sockets and ledger lie beside the folder of the store, which is
// the control plane's own.
func (c *Config) deriveProcesses() {
	if !c.Processes.Separate || c.Store.URL != "" && c.Control.Socket == "" {
		return
	}
	base := filepath.Dir(filepath.Dir(c.Store.Path))
	if c.Control.Socket == "" {
		name := filepath.Base(c.Store.Path)
		c.Control.Socket = filepath.Join(base, strings.TrimSuffix(name, filepath.Ext(name))+".sock")
	}
	if c.Store.URL != "" {
		base = filepath.Dir(c.Control.Socket)
	}
	if c.Ledger.Folder == "" {
		c.Ledger.Folder = filepath.Join(base, "ledger")
	}
}

// SocketOf is the operators' socket of another process than the control plane: "upf", "ledger" or "loader".
func (c *Config) SocketOf(process string) string {
	return strings.TrimSuffix(c.Control.Socket, ".sock") + "-" + process + ".sock"
}

func (v *validator) processes() {
	if v.Ledger.Folder != "" && v.Control.Socket == "off" {
		v.bad("ledger.folder", "a ledger is told of acts by a socket beside control.socket, which is off")
	}
	p := v.Processes
	if !p.Separate {
		return
	}
	if v.Control.Socket == "off" || !filepath.IsAbs(v.Control.Socket) {
		v.bad("control.socket", "%q: separate processes want an absolute path, such as /run/limpid/limpid.sock", v.Control.Socket)
	}
	if v.Store.URL == "" && !filepath.IsAbs(v.Store.Path) {
		v.bad("store.path", "%q: separate processes want an absolute path in a folder of its own, such as /var/lib/limpid/store/limpid.db", v.Store.Path)
	}
	if !filepath.IsAbs(v.Ledger.Folder) {
		v.bad("ledger.folder", "%q: want an absolute path of a folder of its own, such as /var/lib/limpid/ledger", v.Ledger.Folder)
	}
	if v.Store.URL == "" && filepath.Dir(v.Control.Socket) == filepath.Dir(v.Store.Path) {
		v.bad("control.socket", "%s lies in the folder of the store, which is the control plane's alone: choose another folder", v.Control.Socket)
	}
	if u := p.Users; u.ControlPlane == 0 || u.UserPlane == 0 || u.Ledger == 0 || u.ControlPlane == u.UserPlane || u.ControlPlane == u.Ledger || u.UserPlane == u.Ledger {
		v.bad("processes.users", "%d, %d, %d: want three different users, none of them root", u.ControlPlane, u.UserPlane, u.Ledger)
	}
	if v.Lockdown == "off" {
		v.bad("lockdown", "separate processes without lockdown share what they should not: want required or auto")
	}
}

// secretSections are what the user plane has no business with.
var secretSections = []string{"udm", "store", "pcf", "amf", "sbi", "peers"}

// ForUserPlane leaves out of the text of a configuration what a user plane in a process of its own must not know.
func ForUserPlane(text []byte) ([]byte, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	body, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return nil, fmt.Errorf("configuration: want sections")
	}
	var kept []*ast.MappingValueNode
	for _, section := range body.Values {
		name := section.Key.GetToken().Value
		secret := false
		for _, s := range secretSections {
			secret = secret || s == name
		}
		if !secret {
			kept = append(kept, section)
		}
	}
	body.Values = kept
	return append(bytes.TrimSpace([]byte(body.String())), '\n'), nil
}

// ParseForUserPlane reads what ForUserPlane left. The whole was checked before.
func ParseForUserPlane(name string, text []byte) (*Config, error) {
	c, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	c.derive()
	return c, nil
}
