package main

// procedure is a procedure of the standards: stage 2, stage 3 and N2 describe it each in a clause of its own.
type procedure struct {
	title   string
	clauses []string
}

// group is a part of the page.
type group struct {
	title      string
	procedures []procedure
}

// notOffered says why the core does not offer a procedure; "" if it does. What is owed is the answer to whoever begins it.
func (p procedure) notOffered() string {
	return map[string]string{
		"Notification":                         "it brings user planes of non-3GPP access to 3GPP access, and there is no N3IWF here",
		"UE policy delivery":                   "the PCF has no policies for UEs (URSP): they go by those of their maker and their USIM",
		"AMF and RAN CP relocation":            "control plane CIoT is of NB-IoT, and the radios here are NR",
		"Secondary authentication":             "no data network here has an AAA server of its own, and what a UE says of it unasked is answered",
		"Branching point or uplink classifier": "every session has one anchor; only the core itself would begin it",
		"Application influence on routing":     "there is no NEF and no AF that could ask; only they would begin it",
		"Interworking with EPS":                "there is no EPS beside this core, and a radio that wants to hand a UE over to one is told so",
		"Warning messages":                     "there is no CBCF that would have anything to warn of, and a radio that reports of warnings is told so",
		"NRPPa transport":                      "there is no LMF: the AMF asks gNBs for the cell of a UE itself",
		"RIM information transfer":             "interference over long distances is for networks of many radios in TDD that share nothing but the air",
		"Broadcast and multicast sessions":     "there is no MB-SMF",
		"Connection Establishment Indication":  "the AMF has a NAS message for every connection but those of control plane CIoT",
	}[p.title]
}

// owesNothing tells whether nobody outside of the core begins a procedure, so that one that is not offered owes no answer.
func (p procedure) owesNothing() bool {
	return p.title == "Branching point or uplink classifier" || p.title == "Application influence on routing"
}

// onlyErrors tells whether a procedure exists for errors alone.
func (p procedure) onlyErrors() bool {
	switch p.title {
	case "5GMM status and erroneous messages", "5GSM status", "Error Indication and erroneous messages":
		return true
	}
	return false
}

// procedures are those of TS 23.502 §4, TS 24.501 §5 and §6 and TS 38.413 §8 that concern 3GPP access, whether Limpid has
// them or not.
func procedures() []group {
	return []group{
		{"Registration, identity and security", registrations()},
		{"Connection and reachability", connections()},
		{"Sessions", sessions()},
		{"Mobility", mobility()},
		{"N2", interfaceManagement()},
	}
}

func registrations() []procedure {
	return []procedure{
		{"Initial registration", []string{"TS 23.502 §4.2.2.2.2", "TS 24.501 §5.5.1.2"}},
		{"Mobility and periodic registration update", []string{"TS 24.501 §5.5.1.3"}},
		{"Registration with AMF re-allocation, NAS reroute", []string{"TS 23.502 §4.2.2.2.3", "TS 38.413 §8.6.5"}},
		{"5G AKA", []string{"TS 24.501 §5.4.1.3", "TS 33.501 §6.1.3.2"}},
		{"EAP-AKA'", []string{"TS 24.501 §5.4.1.2", "TS 33.501 §6.1.3.1"}},
		{"Security mode control", []string{"TS 24.501 §5.4.2", "TS 33.501 §6.7.2"}},
		{"Identification", []string{"TS 24.501 §5.4.3"}},
		{"NAS security", []string{"TS 24.501 §4.4", "TS 33.501 §6.4"}},
		{"UE-initiated deregistration", []string{"TS 23.502 §4.2.2.3.2", "TS 24.501 §5.5.2.2"}},
		{"Network-initiated deregistration", []string{"TS 23.502 §4.2.2.3.3", "TS 24.501 §5.5.2.3"}},
		{"Mobile reachable and implicit deregistration", []string{"TS 24.501 §5.3.7"}},
		{"Generic UE configuration update", []string{"TS 23.502 §4.2.4.2", "TS 24.501 §5.4.4"}},
		{"UE policy delivery", []string{"TS 23.502 §4.2.4.3"}},
		{"Slice-specific authentication and authorization", []string{"TS 23.502 §4.2.9", "TS 24.501 §5.4.7"}},
		{"Slice-specific re-authentication and revocation by the AAA server", []string{"TS 23.502 §4.2.9.3", "TS 23.502 §4.2.9.4"}},
		{"Slice admission control", []string{"TS 23.502 §4.2.11"}},
		{"UE radio capabilities", []string{"TS 38.413 §8.14.1", "TS 38.413 §8.14.2", "TS 38.413 §8.14.3"}},
		{"5GMM status and erroneous messages", []string{"TS 24.501 §5.4.6", "TS 24.501 §7"}},
	}
}

func connections() []procedure {
	return []procedure{
		{"UE triggered service request", []string{"TS 23.502 §4.2.3.2", "TS 24.501 §5.6.1"}},
		{"Network triggered service request, paging", []string{"TS 23.502 §4.2.3.3", "TS 24.501 §5.6.2", "TS 38.413 §8.5.1"}},
		{"Notification", []string{"TS 24.501 §5.6.3"}},
		{"UE reachability", []string{"TS 23.502 §4.2.5.2", "TS 23.502 §4.2.5.3"}},
		{"AN release", []string{"TS 23.502 §4.2.6", "TS 38.413 §8.3.2", "TS 38.413 §8.3.3"}},
		{"NAS congestion control", []string{"TS 24.501 §5.3.9"}},
		{"Overload Start, Overload Stop", []string{"TS 38.413 §8.7.7", "TS 38.413 §8.7.8"}},
		{"Initial UE Message", []string{"TS 38.413 §8.6.1"}},
		{"NAS transport", []string{"TS 24.501 §5.4.5", "TS 38.413 §8.6.2", "TS 38.413 §8.6.3", "TS 38.413 §8.6.4"}},
		{"Initial context setup", []string{"TS 38.413 §8.3.1"}},
		{"UE context modification", []string{"TS 38.413 §8.3.4"}},
		{"RRC Inactive transition report", []string{"TS 23.502 §4.8.3", "TS 38.413 §8.3.5"}},
		{"Connection Establishment Indication", []string{"TS 38.413 §8.3.6"}},
		{"AMF and RAN CP relocation", []string{"TS 38.413 §8.3.7", "TS 38.413 §8.3.8"}},
		{"Retrieve UE Information", []string{"TS 38.413 §8.3.9", "TS 38.413 §8.3.10"}},
		{"UE context suspend", []string{"TS 23.502 §4.8.2.3", "TS 38.413 §8.3.11"}},
		{"UE context resume", []string{"TS 23.502 §4.8.2.4", "TS 38.413 §8.3.12"}},
	}
}

func sessions() []procedure {
	return []procedure{
		{"PDU session establishment", []string{"TS 23.502 §4.3.2.2", "TS 24.501 §6.4.1", "TS 38.413 §8.2.1"}},
		{"Secondary authentication", []string{"TS 23.502 §4.3.2.3", "TS 24.501 §6.3.1"}},
		{"UE-requested PDU session modification", []string{"TS 24.501 §6.4.2"}},
		{"Network-requested PDU session modification", []string{"TS 23.502 §4.3.3", "TS 24.501 §6.3.2", "TS 38.413 §8.2.3"}},
		{"UE-requested PDU session release", []string{"TS 24.501 §6.4.3"}},
		{"Network-requested PDU session release", []string{"TS 23.502 §4.3.4", "TS 24.501 §6.3.3", "TS 38.413 §8.2.2"}},
		{"PDU session resource notify", []string{"TS 38.413 §8.2.4"}},
		{"PDU session resource modify indication", []string{"TS 38.413 §8.2.5"}},
		{"Change of anchor, SSC mode 2", []string{"TS 23.502 §4.3.5.1"}},
		{"Change of anchor, SSC mode 3", []string{"TS 23.502 §4.3.5.2"}},
		{"Branching point or uplink classifier", []string{"TS 23.502 §4.3.5.4"}},
		{"Application influence on routing", []string{"TS 23.502 §4.3.6"}},
		{"Selective deactivation of the user plane", []string{"TS 23.502 §4.3.7"}},
		{"5GSM status", []string{"TS 24.501 §6.5"}},
		{"N4 session management and reports", []string{"TS 23.502 §4.4.1", "TS 23.502 §4.4.2", "TS 29.244 §6.3"}},
		{"N4 node level", []string{"TS 23.502 §4.4.3", "TS 29.244 §6.2"}},
		{"AM policy association", []string{"TS 23.502 §4.16.1", "TS 23.502 §4.16.2", "TS 23.502 §4.16.3"}},
		{"SM policy association", []string{"TS 23.502 §4.16.4", "TS 23.502 §4.16.5", "TS 23.502 §4.16.6"}},
		{"Secondary RAT data usage", []string{"TS 38.413 §8.15"}},
	}
}

func mobility() []procedure {
	return []procedure{
		{"Xn handover, path switch", []string{"TS 23.502 §4.9.1.2", "TS 38.413 §8.4.4"}},
		{"N2 handover, preparation", []string{"TS 23.502 §4.9.1.3.2", "TS 38.413 §8.4.1", "TS 38.413 §8.4.2"}},
		{"N2 handover, execution", []string{"TS 23.502 §4.9.1.3.3", "TS 38.413 §8.4.3"}},
		{"Handover cancel", []string{"TS 23.502 §4.9.1.4", "TS 38.413 §8.4.5"}},
		{"RAN status transfer", []string{"TS 38.413 §8.4.6", "TS 38.413 §8.4.7", "TS 38.413 §8.4.9", "TS 38.413 §8.4.10"}},
		{"Handover success (DAPS)", []string{"TS 38.413 §8.4.8"}},
		{"Interworking with EPS", []string{"TS 23.502 §4.11"}},
	}
}

func interfaceManagement() []procedure {
	return []procedure{
		{"NG Setup", []string{"TS 38.413 §8.7.1"}},
		{"RAN configuration update", []string{"TS 38.413 §8.7.2"}},
		{"AMF configuration update", []string{"TS 38.413 §8.7.3"}},
		{"NG Reset", []string{"TS 38.413 §8.7.4"}},
		{"Error Indication and erroneous messages", []string{"TS 38.413 §8.7.5", "TS 38.413 §10"}},
		{"AMF Status Indication", []string{"TS 38.413 §8.7.6"}},
		{"RAN configuration transfer", []string{"TS 38.413 §8.8"}},
		{"Warning messages", []string{"TS 38.413 §8.9"}},
		{"NRPPa transport", []string{"TS 38.413 §8.10"}},
		{"Trace", []string{"TS 38.413 §8.11"}},
		{"Location reporting", []string{"TS 38.413 §8.12"}},
		{"UE TNLA binding release", []string{"TS 38.413 §8.13"}},
		{"RIM information transfer", []string{"TS 38.413 §8.16"}},
		{"Broadcast and multicast sessions", []string{"TS 38.413 §8.17", "TS 38.413 §8.18"}},
	}
}
