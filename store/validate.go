package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
)

// The bounds of a record.
const (
	MaxSlices       = 16 // subscribed S-NSSAIs of a UE, TS 23.501 §5.15.3
	MaxDNNs         = 32 // of one slice
	MaxBitRate      = 1e15
	MaxARPPriority  = 15
	MaxAreas        = 16 // tracking areas in a service area, TS 24.501 §9.11.3.49
	maxSessionTypes = 5
	maxGPSI         = 253 // fits into one attribute of RADIUS

	maxRegistrationTimer = 9920 * time.Hour // what a GPRS timer 3 can say, TS 24.008 §10.5.7.4a
	maxSSCMode           = 3
)

// Validate tells whether an engine may store s. The error is an ErrInvalid that says in one line what is wrong.
func (s *Subscriber) Validate() error {
	if supi, err := ident.ParseSUPI(string(s.SUPI)); err != nil || supi != s.SUPI {
		return invalid("SUPI: want imsi- and 6 to 15 digits")
	}
	if s.GPSI != "" && !validGPSI(s.GPSI) {
		return invalid("GPSI %.64q: want msisdn- and 5 to 15 digits, or extid- and user@domain", s.GPSI)
	}
	if err := s.Authentication.validate(); err != nil {
		return err
	}
	if err := s.UEAMBR.validate("UE AMBR"); err != nil {
		return err
	}
	if err := s.Access.validate(); err != nil {
		return err
	}
	if len(s.Slices) == 0 || len(s.Slices) > MaxSlices {
		return invalid("%d slices, want 1 to %d", len(s.Slices), MaxSlices)
	}
	seen, hasDefault := make(map[ident.SNSSAI]bool, len(s.Slices)), false
	for i := range s.Slices {
		slice := &s.Slices[i]
		if seen[slice.SNSSAI] {
			return invalid("slice %s is listed twice", slice.SNSSAI)
		}
		seen[slice.SNSSAI] = true
		hasDefault = hasDefault || slice.Default
		if err := slice.validate(); err != nil {
			return err
		}
	}
	if !hasDefault {
		return invalid("no default slice: mark at least one, TS 23.501 §5.15.3")
	}
	return nil
}

// validGPSI tells whether s is a GPSI, TS 29.571 §5.3.2.
func validGPSI(s string) bool {
	if digits, is := strings.CutPrefix(s, "msisdn-"); is {
		return len(digits) >= 5 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
	}
	user, domain, is := strings.Cut(strings.TrimPrefix(s, "extid-"), "@")
	return is && strings.HasPrefix(s, "extid-") && len(s) <= maxGPSI && user != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n;,") && !strings.Contains(domain, "@")
}

func (a *Authentication) validate() error {
	if a.Method != FiveGAKA && a.Method != EAPAKAPrime {
		return invalid("authentication method %q, want %s or %s", a.Method, FiveGAKA, EAPAKAPrime)
	}
	if a.SQN > aka.MaxSQN {
		return invalid("SQN has more than 48 bits")
	}
	switch a.Algorithm {
	case Milenage:
		if len(a.K) != 16 || len(a.OPc) != 16 {
			return invalid("milenage: K of %d and OPc of %d octets, want 16 and 16", len(a.K), len(a.OPc))
		}
	case TUAK:
		if len(a.K) != 16 && len(a.K) != 32 || len(a.OPc) != 32 {
			return invalid("tuak: K of %d and TOPc of %d octets, want 16 or 32, and 32", len(a.K), len(a.OPc))
		}
	default:
		return invalid("algorithm %q, want %s or %s", a.Algorithm, Milenage, TUAK)
	}
	if !a.AMFField.SeparationBit() {
		return invalid("AMF field %x: the separation bit 8000 must be set for 5G, TS 33.501 §6.1.3.2", a.AMFField)
	}
	return nil
}

func (a *Access) validate() error {
	if t := a.RegistrationTimer; t < 0 || t > maxRegistrationTimer || t%time.Second != 0 {
		return invalid("registration timer %v, want whole seconds up to %v", t, maxRegistrationTimer)
	}
	switch area := &a.ServiceArea; area.Restriction {
	case Everywhere:
		if len(area.TACs) > 0 {
			return invalid("service area of %d tracking areas, neither allowed nor not allowed", len(area.TACs))
		}
	case AllowedAreas, NotAllowedAreas:
		if len(area.TACs) == 0 {
			return invalid("service area without tracking areas")
		}
	default:
		return invalid("service area %q, want %s or %s", area.Restriction, AllowedAreas, NotAllowedAreas)
	}
	for name, list := range map[string][]ident.TAC{"service area": a.ServiceArea.TACs, "forbidden areas": a.ForbiddenTACs} {
		if len(list) > MaxAreas {
			return invalid("%s: %d tracking areas, at most %d fit in a message (TS 24.501 §9.11.3.49)", name, len(list), MaxAreas)
		}
		for i, tac := range list {
			if tac > ident.MaxTAC || i > 0 && tac <= list[i-1] {
				return invalid("%s: want tracking area codes of 24 bits, ascending, each once", name)
			}
		}
	}
	for i, rat := range a.ForbiddenRATs {
		if rat != NR && rat != EUTRA || i > 0 && rat <= a.ForbiddenRATs[i-1] {
			return invalid("forbidden RATs %v, want each of EUTRA, NR at most once", a.ForbiddenRATs)
		}
	}
	return nil
}

func (s *Slice) validate() error {
	if s.SNSSAI.SD > ident.NoSD {
		return invalid("slice %d: SD has more than 24 bits", s.SNSSAI.SST)
	}
	if len(s.DNNs) == 0 || len(s.DNNs) > MaxDNNs {
		return invalid("slice %s: %d DNNs, want 1 to %d", s.SNSSAI, len(s.DNNs), MaxDNNs)
	}
	seen, defaults := make(map[string]bool, len(s.DNNs)), 0
	for i := range s.DNNs {
		d := &s.DNNs[i]
		name := strings.ToLower(string(d.Name))
		if seen[name] {
			return invalid("slice %s: DNN %s is listed twice", s.SNSSAI, d.Name)
		}
		seen[name] = true
		if d.Default {
			defaults++
		}
		if err := d.validate(); err != nil {
			return fmt.Errorf("%w (slice %s, DNN %s)", err, s.SNSSAI, d.Name)
		}
	}
	if defaults != 1 {
		return invalid("slice %s: %d default DNNs, want one", s.SNSSAI, defaults)
	}
	return nil
}

func (d *DNN) validate() error {
	if _, err := ident.ParseDNN(string(d.Name)); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(d.SessionTypes) == 0 || len(d.SessionTypes) > maxSessionTypes {
		return invalid("%d session types, want 1 to %d", len(d.SessionTypes), maxSessionTypes)
	}
	for i, t := range d.SessionTypes {
		switch t {
		case IPv4, IPv6, IPv4v6, Ethernet, Unstructured:
		default:
			return invalid("session type %q, want IPV4, IPV6, IPV4V6, ETHERNET or UNSTRUCTURED", t)
		}
		if slices.Contains(d.SessionTypes[:i], t) {
			return invalid("session type %s is listed twice", t)
		}
	}
	if len(d.SSCModes) == 0 || len(d.SSCModes) > maxSSCMode {
		return invalid("%d SSC modes, want 1 to %d", len(d.SSCModes), maxSSCMode)
	}
	for i, m := range d.SSCModes {
		if m < 1 || m > maxSSCMode || slices.Contains(d.SSCModes[:i], m) {
			return invalid("SSC modes %v, want each of 1, 2, 3 at most once", d.SSCModes)
		}
	}
	if d.FiveQI == 0 || d.FiveQI == 255 {
		return invalid("5QI %d, want 1 to 254", d.FiveQI)
	}
	if d.ARP.PriorityLevel < 1 || d.ARP.PriorityLevel > MaxARPPriority {
		return invalid("ARP priority %d, want 1 to %d", d.ARP.PriorityLevel, MaxARPPriority)
	}
	if d.StaticIPv4.IsValid() {
		if a := d.StaticIPv4; !a.Is4() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			return invalid("static IPv4 %s is no unicast IPv4 address", a)
		}
		if !slices.Contains(d.SessionTypes, IPv4) && !slices.Contains(d.SessionTypes, IPv4v6) {
			return invalid("static IPv4 %s without session type IPV4 or IPV4V6", d.StaticIPv4)
		}
	}
	if err := d.validateSession(); err != nil {
		return err
	}
	return d.SessionAMBR.validate("session AMBR")
}

// maxFramedRoutes bounds the networks behind one UE.
const maxFramedRoutes = 16

// validateSession checks what few subscribers have.
func (d *DNN) validateSession() error {
	v6 := slices.Contains(d.SessionTypes, IPv6) || slices.Contains(d.SessionTypes, IPv4v6)
	if p := d.StaticIPv6; p.IsValid() {
		if !p.Addr().Is6() || p.Addr().Is4In6() || p.Bits() != 64 || p != p.Masked() || !p.Addr().IsGlobalUnicast() {
			return invalid("static IPv6 %s is no /64 of unicast addresses", p)
		}
		if !v6 {
			return invalid("static IPv6 %s without session type IPV6 or IPV4V6", p)
		}
	}
	if len(d.FramedRoutes) > maxFramedRoutes {
		return invalid("%d framed routes, at most %d", len(d.FramedRoutes), maxFramedRoutes)
	}
	for i, p := range d.FramedRoutes {
		if !p.IsValid() || p != p.Masked() || p.Addr().Is4In6() || p.Bits() == 0 {
			return invalid("framed route %s is no network prefix", p)
		}
		if slices.ContainsFunc(d.FramedRoutes[:i], p.Overlaps) {
			return invalid("framed route %s overlaps another one", p)
		}
	}
	for _, u := range []UPProtection{d.UPIntegrity, d.UPConfidentiality} {
		switch u {
		case "", UPRequired, UPPreferred, UPNotNeeded:
		default:
			return invalid("user plane protection %q, want REQUIRED, PREFERRED or NOT_NEEDED", u)
		}
	}
	return nil
}

func (a AMBR) validate(name string) error {
	if a.Uplink == 0 || a.Downlink == 0 || a.Uplink > MaxBitRate || a.Downlink > MaxBitRate {
		return invalid("%s %d/%d bit/s, want 1 to 1e15 each way", name, a.Uplink, a.Downlink)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
