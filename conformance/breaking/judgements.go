package breaking

// judgements tell whom a change concerns, how badly, and what they have to do. Two thoughts are behind all of it. A promise that
// gets stronger hurts those who have to keep it, and one that gets weaker those who relied on it. And what requests may be is
// promised by callers, what answers may be by implementers, who have to take whatever requests are right, and are tried by the
// suite on those that are not.
var judgements = map[string][]Effect{
	// What callers write.
	"request narrower": {
		breaks(Callers, "Send nothing that is not permitted any more."),
		breaks(Implementers, "Refuse, and do not carry out, what is not permitted any more."),
	},
	"request wider": {breaks(Implementers, "Accept what is permitted now; the suite sends it.")},
	"request other": {
		breaks(Callers, "Send what is asked for now."),
		breaks(Implementers, "Accept what is asked for now, and refuse what is not right any more."),
	},
	"request default": {
		warns(Callers, "Say what you mean, where you relied on what goes without saying."),
		warns(Implementers, "Take what is not said for what the document says now."),
	},
	"request member added": {breaks(Implementers, "Accept the member, and do what it asks for.")},
	"request member removed": {
		breaks(Callers, "Do not send the member any more."),
		warns(Implementers, "Do not wait for the member; whether it is refused is yours to choose."),
	},

	// A list of another length, and members that nobody knows: implementations may choose (REQ-8, REQ-9).
	"request narrower minItems": {
		breaks(Callers, "Name as many snapshots as are asked for."),
		warns(Implementers, "Shorter lists are not right any more; see the rules on what becomes of them."),
	},
	"request wider minItems": {warns(Implementers, "Shorter lists are right now; see the rules on what becomes of them.")},
	"request narrower additionalProperties": {
		breaks(Callers, "Send no member that is not described."),
		tells(Implementers, "Members that are not described may be refused."),
	},
	"request wider additionalProperties": {warns(Implementers, "Members that are not described are right now; do not refuse requests for them.")},

	// What may be an id: implementers hand them out, callers keep them.
	"ids narrower": {
		breaks(Callers, "Ids that you hold may not be right any more; see which are."),
		breaks(Implementers, "Hand out no ids that are not right any more."),
	},
	"ids wider": {
		warns(Callers, "Make room for ids that could not come until now."),
		breaks(Implementers, "Do not refuse ids for a form that is right now."),
	},
	"ids other": {
		breaks(Callers, "Ids that you hold may not be right any more; see which are."),
		breaks(Implementers, "Hand out no ids that are not right any more, and refuse none for a form that is right now."),
	},

	// What implementers write.
	"response narrower": {breaks(Implementers, "Answer with no more than is permitted now, and with all that is promised.")},
	"response wider":    {breaks(Callers, "Be ready for answers that could not come until now, and do not wait for what is promised no more.")},
	"response other": {
		breaks(Callers, "Read what is answered now."),
		breaks(Implementers, "Answer what is permitted now."),
	},
	"response default":             {warns(Callers, "Take what is not in an answer for what the document says now.")},
	"response member added":        {tells(Callers, "Answers may have the member; you may ignore it.")},
	"response member removed":      {breaks(Callers, "Do not wait for the member; nobody promises it any more.")},
	"optional answer header added": {tells(Callers, "Answers may have the header; you may ignore it.")},
	"failure status added":         {warns(Callers, "Be ready for the status; other failures may come with it.")},
	"status removed": {
		breaks(Callers, "Do not wait for the status."),
		breaks(Implementers, "Answer with a status that the document has."),
	},

	// Headers of requests, security, addresses.
	"optional header added":   {tells(Implementers, "Accept the header; requests may have it.")},
	"optional header removed": {warns(Callers, "Do not send the header; nobody says what it does any more."), warns(Implementers, "Do without the header.")},
	"required header removed": {tells(Callers, "You need not send the header any more."), breaks(Implementers, "Accept requests without the header.")},
	"header optional":         {breaks(Implementers, "Accept requests without the header.")},
	"security required":       {breaks(Callers, "Prove who asks in a way that is enough now."), warns(Implementers, "Refuse requests that do not prove who asks in such a way.")},
	"security dropped":        {breaks(Implementers, "Accept requests that do not prove who asks, or do not follow this change: data is deleted by them.")},
	"path added":              {breaks(Implementers, "Serve it."), warns(Designers, "The suite tries one path with one method; extend it.")},
	"path removed":            {breaks(Callers, "Do not call it any more."), breaks(Implementers, "Serve what the document has in its place.")},
	"server added":            {tells(Callers, "You may call the API there as well."), warns(Implementers, "The suite may delete on this host; say if it is in production.")},
	"server removed":          {breaks(Callers, "Call the API at an address that the document has.")},
	"current version":         {warns(Callers, "See whether you want what comes first now."), warns(Implementers, "The suite sends what comes first; see that you serve it.")},
	"both must change":        {breaks(Callers, "Use what the document has now."), breaks(Implementers, "Accept what the document has now.")},
	"deprecated":              {warns(Callers, "Plan to do without it, where it is deprecated now."), tells(Implementers, "Keep serving it while the document has it.")},

	// What is no more than a name or a word.
	"nobody":          nil,
	"generated name":  {warns(Callers, "Use the new name in code that calls a generated client; requests stay the same.")},
	"schema name":     {tells(Callers, "Generate the client anew; a type may have another name. Requests and answers stay the same.")},
	"tools":           {warns(Designers, "See that all that is generated from the document still is.")},
	"unused":          {tells(Designers, "Nothing refers to it; see that it is meant so.")},
	"unknown keyword": {warns(Callers, "Read what is said here; nobody has judged it."), warns(Implementers, "Read what is said here; nobody has judged it.")},
	"extension":       {tells(Designers, "Nobody knows what this extension means; tell those whom it concerns.")},

	// Rules for implementers.
	"rule added MUST":            {breaks(Implementers, "Keep the rule; the suite fails who does not.")},
	"rule added SHOULD":          {warns(Implementers, "Keep the rule; breaking it is a remark, and fails under --strict.")},
	"rule added NOTE":            {tells(Implementers, "A run records what you do.")},
	"rule dropped MUST":          {breaks(Callers, "Do not rely on the rule; nobody is held to it any more.")},
	"rule dropped SHOULD":        {warns(Callers, "Do not count on the rule; nobody is reminded of it any more.")},
	"rule dropped NOTE":          {tells(Callers, "What implementations do there is not recorded any more.")},
	"rule NOTE to SHOULD":        {warns(Implementers, "Keep the rule; breaking it is a remark now, and fails under --strict.")},
	"rule NOTE to MUST":          {breaks(Implementers, "Keep the rule; the suite fails who does not, and it was yours to choose until now.")},
	"rule SHOULD to MUST":        {breaks(Implementers, "Keep the rule; the suite fails who does not, and it was a remark until now.")},
	"rule MUST to SHOULD":        {breaks(Callers, "Do not rely on the rule; breaking it is a remark now.")},
	"rule MUST to NOTE":          {breaks(Callers, "Do not rely on the rule; it is left to implementations now.")},
	"rule SHOULD to NOTE":        {warns(Callers, "Do not count on the rule; it is left to implementations now.")},
	"rule renumbered":            {warns(Implementers, "Change the id in filters, baselines and notes; the rule stays the same.")},
	"rule reworded MUST terms":   {breaks(Callers, "Read the rule anew: what can be relied on is not what it was."), breaks(Implementers, "Read the rule anew, and keep it as it is now.")},
	"rule reworded MUST":         {warns(Callers, "Read the rule anew; words alone do not tell whether it means the same."), warns(Implementers, "Read the rule anew; words alone do not tell whether it means the same.")},
	"rule reworded SHOULD terms": {warns(Callers, "Read the rule anew: what can be counted on is not what it was."), warns(Implementers, "Read the rule anew, and keep it as it is now.")},
	"rule reworded SHOULD":       {tells(Callers, "Read the rule anew."), tells(Implementers, "Read the rule anew.")},
	"rule reworded NOTE terms":   {tells(Implementers, "Read the rule anew; what is recorded may be something else.")},
	"rule reworded NOTE":         {tells(Implementers, "Read the rule anew.")},
	"rule source":                {tells(Implementers, "Another document stands behind the rule; what it asks of you stays the same.")},

	// Rules for callers, by which the mock judges its clients.
	"caller rule added MUST":            {breaks(Callers, "Keep the rule; the mock holds clients to it.")},
	"caller rule added SHOULD":          {warns(Callers, "Keep the rule; the mock reminds clients of it.")},
	"caller rule dropped MUST":          {warns(Implementers, "Callers may do it now; see that you bear it.")},
	"caller rule dropped SHOULD":        {tells(Implementers, "Callers may do it now.")},
	"caller rule SHOULD to MUST":        {breaks(Callers, "Keep the rule; the contract demands it now.")},
	"caller rule MUST to SHOULD":        {warns(Implementers, "Callers may do it now, by luck; see that you bear it.")},
	"caller rule renumbered":            {warns(Callers, "Change the id in filters and notes; the rule stays the same.")},
	"caller rule reworded MUST terms":   {breaks(Callers, "Read the rule anew, and keep it as it is now.")},
	"caller rule reworded MUST":         {warns(Callers, "Read the rule anew; words alone do not tell whether it means the same.")},
	"caller rule reworded SHOULD terms": {warns(Callers, "Read the rule anew, and keep it as it is now.")},
	"caller rule reworded SHOULD":       {tells(Callers, "Read the rule anew.")},
	"caller rule source":                {tells(Callers, "Something else stands behind the rule; what it asks of you stays the same.")},

	// Codes of errors.
	"code added":            {warns(Callers, "Be ready for the code, where you tell codes apart.")},
	"documented code added": {warns(Callers, "Be ready for the code, where you tell codes apart."), warns(Implementers, "Answer with the code and its status where it fits.")},
	"code removed":          {breaks(Callers, "Do not wait for the code, and do not use its generated name."), breaks(Implementers, "Answer with a code that the document has.")},
	"code renamed":          {breaks(Callers, "Look for the new code."), breaks(Implementers, "Answer with the new code.")},
	"documented status":     {breaks(Callers, "Look for the new status."), breaks(Implementers, "Answer with the new status; the suite asks for it.")},
	"status class":          {breaks(Callers, "Look for the new status: whose fault it is, and whether to ask again, has changed with it."), warns(Implementers, "See whether your own status still fits.")},
	"mock status":           {warns(Callers, "The mock answers with the new status; do not depend on either."), tells(Implementers, "No verdict depends on it.")},
	"status documented":     {breaks(Implementers, "Answer with this status; the suite asks for it.")},
	"status not documented": {breaks(Callers, "Do not depend on the status; it is left to implementations now.")},
	"retry begins":          {warns(Callers, "Wait and ask again on this code."), tells(Implementers, "The suite asks again on this code.")},
	"retry ends":            {warns(Callers, "Do not ask again on this code; it is an outcome now."), breaks(Implementers, "Answer so only where it is meant as an outcome; the suite does not ask again.")},
	"role removed":          {breaks(Designers, "Go code asks for it by its role; give it one.")},
	"role":                  {warns(Designers, "Go code asks for it by its role; see that the suite and the mock still build and run.")},

	// States of snapshots.
	"state added":      {warns(Implementers, "Delete no snapshot in this state; the suite asks the testbed for one.")},
	"state renamed":    {tells(Callers, "Snapshots are said to be in a state of another name."), breaks(Implementers, "Let the testbed use the new name.")},
	"state removed":    {tells(Callers, "No snapshot is said to be in this state any more."), breaks(Implementers, "Let the testbed name no such state; the suite does not know it.")},
	"deletable":        {breaks(Callers, "Other snapshots are deleted than until now: see what your calls would do."), breaks(Implementers, "Delete from this state and from no other.")},
	"deletion pending": {breaks(Implementers, "Name this state while a deletion goes on.")},
	"alias added":      {tells(Implementers, "The testbed may use the name.")},
	"alias removed":    {breaks(Implementers, "Let the testbed use the state's own name.")},
	"alias changed":    {breaks(Callers, "The name stands for another state."), breaks(Implementers, "The name stands for another state; use it so.")},

	// Authentication and hosts.
	"skew lowered":            {breaks(Callers, "Keep your clock as exact as is asked for now."), warns(Implementers, "Refuse what is older than is permitted now.")},
	"skew raised":             {warns(Implementers, "Accept what is as old as is permitted now.")},
	"signed header added":     {breaks(Callers, "Let the signature cover the header."), warns(Implementers, "Refuse signatures that do not cover the header.")},
	"signed header removed":   {breaks(Implementers, "Accept signatures that do not cover the header; the suite signs so.")},
	"authentication codes":    {breaks(Callers, "Look for codes that begin as is said now."), warns(Implementers, "Let codes for refused authentication begin as is said now.")},
	"production host dropped": {breaks(Implementers, "Nobody may run the suite there: it deletes on such hosts without asking now."), breaks(Designers, "Keep it in x-production-domains, unless nobody's data is there any more.")},
	"production host added":   {warns(Implementers, "A run there has to be allowed by --yes-delete-snapshots-on from now on.")},

	// What the documents leave open.
	"ambiguity added":           {warns(Callers, "Do not rely on one way where the document says that it is open."), tells(Implementers, "See what the document takes it for.")},
	"ambiguity resolved":        {tells(Callers, "The point is not open any more; see the rules for how it is settled."), warns(Implementers, "See the rules for how it is settled, and whether you had chosen something else.")},
	"reading changed":           {warns(Callers, "Read anew what the document takes it for."), warns(Implementers, "Read anew what the document takes it for; verdicts go by it.")},
	"reading of a MUST changed": {breaks(Callers, "Read anew what the document takes it for: what can be relied on is not what it was."), breaks(Implementers, "Read anew what the document takes it for; the suite fails who does not follow it.")},
	"ambiguity reworded":        nil,
	"silence added":             {tells(Implementers, "A run records your choice.")},
	"silence removed":           {warns(Implementers, "A run does not record your choice any more; comparisons with older runs lack it.")},
	"choice added":              {tells(Implementers, "A run may record this choice.")},
	"choice removed":            {warns(Implementers, "Whoever had chosen so is recorded otherwise; comparisons with older runs show a change.")},
	"choice reworded":           {tells(Implementers, "See whether the word still says what you do.")},
	"source":                    nil,
	"source binding":            {warns(Callers, "See which rules come from the document, and how binding they are."), warns(Implementers, "See which rules come from the document, and how binding they are.")},
	"usual form":                {tells(Implementers, "What is recorded as the usual form is another; nothing depends on it.")},

	// A document that does not agree with itself.
	"contradiction": {breaks(Designers, "Mend the document before it is merged.")},
	"outdated":      {warns(Designers, "Change the words along with the contract.")},
}

func breaks(who Party, must string) Effect { return Effect{who, Breaking, must} }
func warns(who Party, must string) Effect  { return Effect{who, Warning, must} }
func tells(who Party, must string) Effect  { return Effect{who, Notice, must} }

// judge gives an entry. That each is there is tested; a change without one would else be told as harmless.
func judge(entry string) []Effect {
	effects, known := judgements[entry]
	if !known {
		return judgements["unknown keyword"]
	}
	return effects
}
