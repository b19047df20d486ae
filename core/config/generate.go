package config

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"text/template"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
)

// Box is what an operator must say about a core on one machine; Generate writes the rest.
type Box struct {
	Name  string
	PLMN  ident.PLMN
	TAC   ident.TAC
	Slice ident.SNSSAI
	DNN   ident.DNN
	N2    netip.Addr // where gNBs reach the AMF
	N3    netip.Addr // where gNBs send user traffic
	Pool  netip.Prefix
	DNS   []netip.Addr
	Store string
	SCTP  string
}

// PublicKey is a home network public key to provision in USIMs, TS 33.501 §6.12.2.
type PublicKey struct {
	ID      uint8
	Profile string
	Key     string // hexadecimal
}

// Generate writes a commented configuration with fresh home network keys of both profiles, and returns their public
// halves. The text is that of a file which Parse takes; the error says why it would not.
func Generate(b Box) ([]byte, []PublicKey, error) {
	type key struct{ ID, Profile, Private, Public string }
	var keys []key
	var public []PublicKey
	for i, scheme := range []suci.Scheme{suci.ProfileA, suci.ProfileB} {
		id := uint8(i + 1)
		k, err := suci.GeneratePrivateKey(rand.Reader, scheme, id)
		if err != nil {
			return nil, nil, err
		}
		p := PublicKey{ID: id, Profile: string(rune('A' + i)), Key: hex.EncodeToString(k.Public().Bytes())}
		public = append(public, p)
		keys = append(keys, key{fmt.Sprint(id), p.Profile, hex.EncodeToString(k.Bytes()), p.Key})
	}
	dns := make([]string, len(b.DNS))
	for i, a := range b.DNS {
		dns[i] = a.String()
	}
	var text bytes.Buffer
	err := fileTemplate().Execute(&text, map[string]any{"Box": b, "Keys": keys, "DNS": strings.Join(dns, ", "),
		"Gateway": b.Pool.Masked().Addr().Next()})
	if err != nil {
		return nil, nil, err
	}
	if _, err := Parse("generated configuration", text.Bytes()); err != nil {
		return nil, nil, err
	}
	return text.Bytes(), public, nil
}

func fileTemplate() *template.Template {
	return template.Must(template.New("limpid.yaml").Parse(fileText))
}

const fileText = `# Configuration of Limpid, a 5G core. Check it with: limpid config check limpid.yaml
# A key that is left out has the value shown, unless it says otherwise. An unknown key is an error.

name: {{.Box.Name}}

log:
  level: info   # debug, info, warn, error
  format: text  # text, json

store:
  # url: postgres://limpid@db.example/limpid?sslmode=verify-full  # a database that several nodes share, instead of the file
  path: {{.Box.Store}}  # SQLite file with the subscribers: limpid subscriber add --db {{.Box.Store}} ...

# control:
#   socket: limpid.sock  # where limpid audit and its like reach the running core; left out: beside the store; off: none

lockdown: required  # once it runs, the core gives up every right that it does not need; auto: as far as the kernel can; off
egress:  # the kernel refuses every destination but the peers in this file, the gNBs, and egress.peers
  mode: required  # auto: as far as the kernel can; off
  # gnbs: [10.0.0.0/24]  # where gNBs are, on N2 and N3; left out: the networks of the addresses below

amf:
  guami: {region: 1, set: 1, pointer: 0}  # its PLMN is the first of plmns
  n2:
    address: {{.Box.N2}}  # where gNBs reach the AMF; must be set
    port: 38412
    sctp: {{.Box.SCTP}}  # auto, kernel, raw (IP protocol 132), udp (RFC 6951)
    udp_port: 9899
    message_rate: 50000  # per second taken from one gNB, so that one that floods disturbs no other; 0: no bound
  plmns:  # must be set; gNBs have to broadcast one of these PLMNs and tracking areas
    - plmn: "{{.Box.PLMN}}"
      tacs: [{{.Box.TAC}}]
      slices: ["{{.Box.Slice}}"]  # SST, or SST-SD such as "1-010203"
  # Algorithms in order of preference. NEA0 needs allow_null_ciphering: true; NIA0 is never allowed.
  ciphering: [NEA2, NEA1, NEA3]
  integrity: [NIA2, NIA1, NIA3]
  allow_null_ciphering: false
  t3512: 1h  # phones register anew this often
  implicit_deregistration: 4m  # how much longer a phone may be silent once it is taken for unreachable
  # t3502: 12m  # between failed attempts of a phone; left out: its own
  # network_name: {full: Limpid, short: Limpid, time_zone: Europe/Berlin}  # what phones show; left out: what they know
  # power_saving: {mico: false, active_time: 0s, extended_drx: false}  # what phones may have that makes them reachable more rarely
  # reauthentication: {registrations: 0, nas_count: 0}  # prove anew who they are at every so many registrations; 0: not for that
  # registration_areas:  # tracking areas among which phones move without telling; left out: all of a PLMN
  #   - tais: [{tacs: [1, 2]}]
  #     slices: ["1"]  # left out: those of the PLMN
  # equivalent_plmns: []  # networks that are one to a phone
  # nssai_inclusion_mode: A  # A to D, how phones name slices to gNBs; left out: their default

udm:
  # Phones conceal their identity with the public half of these keys (TS 33.501 §C.3). They were made for this
  # file: keep it secret, and provision the public halves in the SIMs.
  home_network_keys:
{{- range .Keys}}
    - id: {{.ID}}
      profile: {{.Profile}}
      private_key: {{.Private}}
      # public key: {{.Public}}
{{- end}}

smf:
  n4: {address: 127.0.0.1}
  dnns:  # must be set
    - name: {{.Box.DNN}}
      slices: ["{{.Box.Slice}}"]
      pools: [{{.Box.Pool}}]  # addresses of phones
      gateway: {{.Gateway}}
      dns: [{{.DNS}}]
      mtu: 1400

upf:  # leave it out where every UPF is another process, and name those in smf.upfs
  n4: {address: 127.0.0.2}
  n3:
    address: {{.Box.N3}}  # where gNBs send user traffic; must be set
  tuns:
    - {dnn: {{.Box.DNN}}, name: limpid0}  # the interface from which this machine routes on
  datapath: soft  # soft (plain Go), xdp (in the kernel, with soft for what is rare), auto (xdp where it works)
  networks:
    - {dnn: {{.Box.DNN}}, ue_to_ue: deny}  # packets from one phone to another: deny, allow, forward (to N6)
`
