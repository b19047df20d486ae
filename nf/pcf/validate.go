package pcf

import (
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/npcf"
)

const (
	maxRules        = 24 // of one session policy; with those of UEs and the match-all rule what a UPF has room for
	maxUERules      = 6  // of one session, at the UE's request
	maxDescriptions = 16 // of one rule
	maxARPPriority  = 15
	reservedFiveQI  = 255

	maxAveragingWindow = 4095
	maxDataBurst       = 4095
)

// Validate tells whether New may be given c. Each error is one line that says what is wrong and where.
func (c *Config) Validate() error {
	var errs []error
	if c.RFSPIndex > 256 {
		errs = append(errs, fmt.Errorf("RFSP index %d, want 1 to 256 (TS 29.571 §5.4.2)", c.RFSPIndex))
	}
	if c.MaxAssociations < 0 {
		errs = append(errs, fmt.Errorf("%d associations at most: want a positive number", c.MaxAssociations))
	}
	for i := range c.SessionPolicies {
		if err := c.SessionPolicies[i].validate(); err != nil {
			errs = append(errs, fmt.Errorf("session policy %d (DNN %q): %w", i+1, c.SessionPolicies[i].DNN, err))
		}
	}
	return errors.Join(errs...)
}

func (p *SessionPolicy) validate() error {
	if _, err := ident.ParseDNN(string(p.DNN)); err != nil {
		return err
	}
	if len(p.PCCRules) > maxRules {
		return fmt.Errorf("%d PCC rules, at most %d", len(p.PCCRules), maxRules)
	}
	if p.UERequests != nil {
		if err := p.UERequests.validate(); err != nil {
			return err
		}
	}
	ids, precedences := make(map[string]bool), make(map[uint8]bool)
	for i := range p.PCCRules {
		r := &p.PCCRules[i]
		if err := validateRule(r); err != nil {
			return fmt.Errorf("PCC rule %q: %w", r.ID, err)
		}
		if ids[r.ID] || precedences[r.Precedence] {
			return fmt.Errorf("PCC rule %q: another rule has the same id or precedence %d", r.ID, r.Precedence)
		}
		ids[r.ID], precedences[r.Precedence] = true, true
	}
	return nil
}

// validateRule checks one configured rule, TS 29.512 §5.6.2.6 and TS 29.512 §5.6.2.8.
func validateRule(r *npcf.PCCRule) error {
	switch {
	case r.ID == "" || r.ID == matchAllID:
		return fmt.Errorf("want an id other than %q", matchAllID)
	case r.Precedence == matchAllPrecedence:
		return fmt.Errorf("precedence %d is of the match-all rule, want 0 to %d", r.Precedence, matchAllPrecedence-1)
	case r.FiveQI == reservedFiveQI:
		return fmt.Errorf("5QI %d is reserved", r.FiveQI)
	case r.ARP.PriorityLevel > maxARPPriority:
		return fmt.Errorf("ARP priority %d, want 1 to %d, or 0 for the subscribed one", r.ARP.PriorityLevel, maxARPPriority)
	case len(r.FlowDescriptions) == 0 || len(r.FlowDescriptions) > maxDescriptions:
		return fmt.Errorf("%d flow descriptions, want 1 to %d", len(r.FlowDescriptions), maxDescriptions)
	}
	g, m := r.GuaranteedBitRate, r.MaxBitRate
	isGBR := g.Uplink != 0 || g.Downlink != 0
	if isGBR && (g.Uplink > m.Uplink || g.Downlink > m.Downlink) {
		return fmt.Errorf("guaranteed bit rate %d/%d above the maximum %d/%d", g.Uplink, g.Downlink, m.Uplink, m.Downlink)
	}
	if isGBR != gbrFiveQI(r.FiveQI) && standardised(r.FiveQI) {
		return fmt.Errorf("5QI %d and guaranteed bit rate %d/%d do not go together (TS 23.501 §5.7.4)", r.FiveQI, g.Uplink, g.Downlink)
	}
	if (r.Notify || r.AveragingWindow != 0 || r.MaxDataBurst != 0) && !isGBR {
		return errors.New("notification control, averaging window and data burst are of a guaranteed bit rate (TS 23.501 §5.7.2)")
	}
	if r.Reflective && isGBR {
		return errors.New("reflective QoS is of flows without guaranteed bit rate (TS 23.501 §5.7.2.3)")
	}
	if r.AveragingWindow > maxAveragingWindow || r.MaxDataBurst > maxDataBurst {
		return fmt.Errorf("averaging window %d ms, data burst %d octets: want at most %d and %d (TS 38.413 §9.3.1.82, TS 38.413 §9.3.1.83)",
			r.AveragingWindow, r.MaxDataBurst, maxAveragingWindow, maxDataBurst)
	}
	for _, d := range r.FlowDescriptions {
		if err := checkFlowDescription(d); err != nil {
			return fmt.Errorf("flow description %.128q: %w", d, err)
		}
	}
	return nil
}

// gbrFiveQI tells whether a standardised 5QI is of a GBR or delay-critical GBR flow, TS 23.501 §5.7.4.
func gbrFiveQI(q uint8) bool {
	return q >= 1 && q <= 4 || q >= 65 && q <= 67 || q >= 71 && q <= 76 || q >= 82 && q <= 90
}

// standardised tells whether the table of TS 23.501 §5.7.4 has the 5QI.
func standardised(q uint8) bool {
	return gbrFiveQI(q) || q >= 5 && q <= 10 || q == 69 || q == 70 || q == 79 || q == 80
}
